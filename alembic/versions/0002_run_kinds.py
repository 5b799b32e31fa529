"""Runs of other kinds than solve: their parameters, their progress, and any document as result."""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_constraint(op.f("ck_run_plan_when_successful"), type_="check")
        run.alter_column("plan", new_column_name="result")
        run.add_column(sa.Column("parameters", sa.JSON, nullable=False, server_default="{}"))
        run.add_column(sa.Column("progress_part", sa.Integer))
        run.add_column(sa.Column("progress_parts", sa.Integer))
        run.create_check_constraint(
            op.f("ck_run_result_when_successful"), "status <> 'successful' OR result IS NOT NULL"
        )
    with op.batch_alter_table("run") as run:
        run.alter_column("parameters", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM incumbent WHERE run_id IN (SELECT id FROM run WHERE kind <> 'solve')")
    op.execute("DELETE FROM run WHERE kind <> 'solve'")
    with op.batch_alter_table("run") as run:
        run.drop_constraint(op.f("ck_run_result_when_successful"), type_="check")
        run.alter_column("result", new_column_name="plan")
        run.drop_column("parameters")
        run.drop_column("progress_part")
        run.drop_column("progress_parts")
        run.create_check_constraint(
            op.f("ck_run_plan_when_successful"), "status <> 'successful' OR plan IS NOT NULL"
        )
