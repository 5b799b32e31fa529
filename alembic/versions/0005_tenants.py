"""Whose a scenario, a run and an Idempotency-Key is; on PostgreSQL row-level security as well."""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OWNED = ("scenario", "run", "idempotency_key")
HERE = "current_setting('flerkjerne.tenant', true)"
POLICIES = {
    **dict.fromkeys(OWNED, f"{HERE} = '*' OR tenant = {HERE}"),
    "incumbent": f"{HERE} = '*' OR EXISTS (SELECT 1 FROM run WHERE run.id = run_id)",
}


def upgrade() -> None:
    for table in OWNED:
        with op.batch_alter_table(table) as changed:
            changed.add_column(
                sa.Column("tenant", sa.String(100), nullable=False, server_default="default")
            )
            if table != "idempotency_key":
                changed.drop_index(f"ix_{table}_created_id")
    for table in OWNED:
        with op.batch_alter_table(table) as changed:
            changed.alter_column("tenant", server_default=None)
            if table != "idempotency_key":
                changed.create_index(f"ix_{table}_tenant_created_id", ["tenant", "created", "id"])
    _key_of_idempotency_key(["tenant", "key", "route"])
    if op.get_bind().dialect.name == "postgresql":
        for table, policy in POLICIES.items():
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY of_tenant ON {table} USING ({policy})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in POLICIES:
            op.execute(f"DROP POLICY of_tenant ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    # Without tenants only the first has a place.
    op.execute(
        "DELETE FROM incumbent WHERE run_id IN (SELECT id FROM run WHERE tenant <> 'default')"
    )
    for table in OWNED:
        op.execute(f"DELETE FROM {table} WHERE tenant <> 'default'")
    _key_of_idempotency_key(["key", "route"])
    for table in OWNED:
        with op.batch_alter_table(table) as changed:
            if table != "idempotency_key":
                changed.drop_index(f"ix_{table}_tenant_created_id")
                changed.create_index(f"ix_{table}_created_id", ["created", "id"])
            changed.drop_column("tenant")


def _key_of_idempotency_key(columns: list[str]) -> None:
    name = op.f("pk_idempotency_key")
    with op.batch_alter_table("idempotency_key") as changed:
        changed.drop_constraint(name, type_="primary")
        changed.create_primary_key(name, columns)
