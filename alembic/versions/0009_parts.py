"""Parts of a run that several workers may work on; on PostgreSQL only its tenant meets them."""

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HERE = "current_setting('flerkjerne.tenant', true)"
POLICY = f"{HERE} = '*' OR EXISTS (SELECT 1 FROM run WHERE run.id = run_id)"


def upgrade() -> None:
    op.create_table(
        "part",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("claim", sa.String(64)),
        sa.Column("worker_id", sa.String(64)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "id", name="pk_part"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_part_run_id", ondelete="CASCADE"),
    )
    op.create_index("ix_part_worker_id", "part", ["worker_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE part ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE part FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_tenant ON part USING ({POLICY})")


def downgrade() -> None:
    op.drop_table("part")
