"""First tables: scenario, run, incumbent, idempotency_key."""

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "scenario",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("updated", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scenario"),
    )
    op.create_index("ix_scenario_created_id", "scenario", ["created", "id"])
    op.create_table(
        "run",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("scenario_id", sa.String(100)),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("scenario_hash", sa.String(64), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("started", INSTANT),
        sa.Column("ended", INSTANT),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_detail", sa.Text),
        sa.Column("progress_incumbent_nok", sa.Double),
        sa.Column("progress_bound_nok", sa.Double),
        sa.Column("progress_gap", sa.Double),
        sa.Column("seconds", sa.Double),
        sa.Column("plan", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.CheckConstraint(
            "status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')",
            name=op.f("ck_run_status_known"),
        ),
        sa.CheckConstraint(
            "(status IN ('accepted', 'running')) = (ended IS NULL)",
            name=op.f("ck_run_ended_when_over"),
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (error_code IS NOT NULL)",
            name=op.f("ck_run_error_when_failed"),
        ),
        sa.CheckConstraint(
            "status <> 'successful' OR plan IS NOT NULL",
            name=op.f("ck_run_plan_when_successful"),
        ),
    )
    op.create_index("ix_run_created_id", "run", ["created", "id"])
    op.create_index("ix_run_status_created_id", "run", ["status", "created", "id"])
    op.create_table(
        "incumbent",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("objective_nok", sa.Double, nullable=False),
        sa.Column("bound_nok", sa.Double),
        sa.Column("gap", sa.Double),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_incumbent"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="fk_incumbent_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("route", sa.String(100), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("resource_id", sa.String(64), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", "route", name="pk_idempotency_key"),
    )


def downgrade() -> None:
    for table in ("idempotency_key", "incumbent", "run", "scenario"):
        op.drop_table(table)
