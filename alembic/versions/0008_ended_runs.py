"""A run that has ended never changes, whoever writes.

On SQLite a table that is rebuilt (`batch_alter_table`) loses its triggers: a later migration that
rebuilds `run` makes this one anew.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TOLD = "a run that has ended never changes"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION run_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{TOLD}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER run_ended_never_changes BEFORE UPDATE ON run FOR EACH ROW "
            "WHEN (OLD.ended IS NOT NULL) EXECUTE FUNCTION run_refuse()"
        )
        return
    op.execute(
        "CREATE TRIGGER run_ended_never_changes BEFORE UPDATE ON run "
        f"WHEN OLD.ended IS NOT NULL BEGIN SELECT RAISE(ABORT, '{TOLD}'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER run_ended_never_changes ON run")
        op.execute("DROP FUNCTION run_refuse()")
        return
    op.execute("DROP TRIGGER run_ended_never_changes")
