"""Agreements of the board's own that a card was put under belong to what made it as it is: they are not swept."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_PASSING = (
    "state = 2 AND kind NOT IN ('CreateCard', 'AddTag', 'RemoveTag', 'SetFacts', 'SetBlock', 'SetDeadline', "
    "'AssignCard', 'MoveCard', 'ReplaceCard', 'BindCard', 'AttachSla', 'DetachSla')"
)


def upgrade() -> None:
    op.drop_index("outbox_ended", "outbox")
    op.create_index(
        "outbox_ended", "outbox", ["ended"], unique=False,
        sqlite_where=sa.text(_PASSING), postgresql_where=sa.text(_PASSING),
    )  # fmt: skip
