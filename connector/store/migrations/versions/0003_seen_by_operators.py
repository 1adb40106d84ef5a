"""A client's events and orders are found by an index, an order names its cause and its tries, work can be paused."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_PASSING = (
    "state = 2 AND kind NOT IN ('CreateCard', 'AddTag', 'RemoveTag', 'SetFacts', 'SetBlock', 'AssignCard', "
    "'MoveCard', 'ReplaceCard')"
)
_ASIDE = "state IN (2, 3, 4)"


def upgrade() -> None:
    op.create_index("journal_client", "journal", ["client", "seq"], unique=False)
    op.create_index(
        "journal_aside", "journal", ["seq"], unique=False,
        sqlite_where=sa.text(_ASIDE), postgresql_where=sa.text(_ASIDE),
    )  # fmt: skip
    op.add_column("outbox", sa.Column("cause", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("began", sa.Double(), nullable=True))
    op.add_column("outbox", sa.Column("tried", sa.Double(), nullable=True))
    op.drop_index("outbox_ended", "outbox")
    op.create_index(
        "outbox_ended", "outbox", ["ended"], unique=False,
        sqlite_where=sa.text(_PASSING), postgresql_where=sa.text(_PASSING),
    )  # fmt: skip
    op.create_index("outbox_client", "outbox", ["client", "seq"], unique=False)
    op.create_table(
        "pauses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("board", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
