"""Of a run the batch it was posted in, and its place there."""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("batch_id", sa.String(64)))
        run.add_column(sa.Column("batch_position", sa.Integer))
        run.create_check_constraint(
            op.f("ck_run_place_in_batch"), "(batch_id IS NULL) = (batch_position IS NULL)"
        )
        run.create_index("ix_run_batch_id_batch_position", ["batch_id", "batch_position"])


def downgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_index("ix_run_batch_id_batch_position")
        run.drop_constraint(op.f("ck_run_place_in_batch"), type_="check")
        run.drop_column("batch_position")
        run.drop_column("batch_id")
