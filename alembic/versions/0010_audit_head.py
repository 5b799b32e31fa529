"""On PostgreSQL the end of a tenant's audit chain is locked and read in one statement.

Two could not be one without this: a statement reads what was committed when it began, so one that
takes the lock itself would not see the entry that it waited for. Each statement of a function
begins anew.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_head(whose text, lock_space int, lock_number int, "
            "OUT seq int, OUT hash text, OUT at timestamptz) LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_advisory_xact_lock(lock_space, lock_number); "
            "SELECT e.seq, e.hash INTO seq, hash FROM audit_entry AS e WHERE e.tenant = whose "
            "ORDER BY e.seq DESC LIMIT 1; "
            "at := clock_timestamp(); END $$"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_head")
