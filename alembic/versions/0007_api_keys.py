"""API keys."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
HERE = "current_setting('flerkjerne.tenant', true)"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(40), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("last_used", INSTANT),
        sa.Column("revoked", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
    )
    op.create_index("ix_api_key_tenant_created_id", "api_key", ["tenant", "created", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE api_key ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE api_key FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_tenant ON api_key USING ({HERE} = '*' OR tenant = {HERE})")


def downgrade() -> None:
    op.drop_table("api_key")
