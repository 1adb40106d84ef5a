"""Requests opened lately are compared with each other; incidents are known by their topic."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("ticket", sa.Text(), primary_key=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=True),
    )
    op.create_index("openings_lately", "openings", ["topic", "at"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("begun", sa.Double(), nullable=False),
        sa.Column("founders", sa.Text(), nullable=False),
        sa.Column("joinable", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Double(), nullable=True),
    )
    op.create_index("incidents_topic", "incidents", ["topic", "begun"], unique=False)
