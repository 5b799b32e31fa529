"""Workers and their heartbeats; of a run its priority, its worker and how often it was lost."""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", INSTANT, nullable=False),
        sa.Column("seen", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )
    with op.batch_alter_table("run") as run:
        run.add_column(
            sa.Column("priority", sa.String(10), nullable=False, server_default="normal")
        )
        run.add_column(sa.Column("worker_id", sa.String(64)))
        run.add_column(sa.Column("losses", sa.Integer, nullable=False, server_default="0"))
        run.add_column(sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
        run.create_check_constraint(
            op.f("ck_run_priority_known"), "priority IN ('high', 'normal', 'low')"
        )
    with op.batch_alter_table("run") as run:
        for name in ("priority", "losses", "crashes"):
            run.alter_column(name, server_default=None)
        run.create_index("ix_run_worker_id", ["worker_id"])


def downgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_index("ix_run_worker_id")
        run.drop_constraint(op.f("ck_run_priority_known"), type_="check")
        for name in ("priority", "worker_id", "losses", "crashes"):
            run.drop_column(name)
    op.drop_table("worker")
