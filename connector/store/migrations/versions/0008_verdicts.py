"""Agreements that requests kept or broke have a history."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "verdicts",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "ticket", "since"),
    )
    op.create_index("verdicts_at", "verdicts", ["agreement", "at"], unique=False)
