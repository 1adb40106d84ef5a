"""Requests are found by who has them, and those nobody has; chats of agents are linked by codes."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BATCH = 1000
"""Tickets read at a time."""


def upgrade() -> None:
    op.create_table(
        "hands",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ticket"),
    )
    _fill(op.get_bind())
    op.create_index("hands_holder", "hands", ["holder", "class", "number"], unique=False)
    op.create_table(
        "links",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("port", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("person_port", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("client"),
    )
    op.create_table(
        "codes",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _fill(connection: sa.Connection) -> None:
    """Who had a request was not remembered; what stands in the queue waits to be taken."""
    after = ""
    read = sa.text("SELECT id, number, state FROM tickets WHERE id > :after ORDER BY id LIMIT :batch")
    write = sa.text("INSERT INTO hands (ticket, number, class, holder) VALUES (:ticket, :number, :class, NULL)")
    while rows := connection.execute(read, {"after": after, "batch": BATCH}).all():
        after = rows[-1].id
        known = [(row.id, row.number, json.loads(row.state)) for row in rows]
        pooled = [
            {"ticket": ticket, "number": number, "class": state["service_class"]}
            for ticket, number, state in known
            if state.get("phase", "opening") in ("opening", "queue")
        ]
        if pooled:
            connection.execute(write, pooled)
