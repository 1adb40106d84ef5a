"""Requests are found by their client and by their cabinet."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BATCH = 1000
"""Tickets read at a time."""


def upgrade() -> None:
    op.add_column("tickets", sa.Column("cabinet", sa.Text(), nullable=True))
    _fill_cabinets(op.get_bind())
    op.create_index("tickets_client", "tickets", ["client", "number"], unique=False)
    op.create_index(
        "tickets_cabinet",
        "tickets",
        ["cabinet", "number", "client"],
        unique=False,
        sqlite_where=sa.text("cabinet IS NOT NULL"),
        postgresql_where=sa.text("cabinet IS NOT NULL"),
    )
    op.create_index(
        "tickets_near",
        "tickets",
        ["cabinet"],
        unique=False,
        sqlite_where=sa.text("live AND cabinet IS NOT NULL"),
        postgresql_where=sa.text("live AND cabinet IS NOT NULL"),
    )


def _fill_cabinets(connection: sa.Connection) -> None:
    """Not in SQL: PostgreSQL refuses to look into a text that holds an escaped NUL."""
    after = ""
    read = sa.text("SELECT id, state FROM tickets WHERE id > :after ORDER BY id LIMIT :batch")
    write = sa.text("UPDATE tickets SET cabinet = :cabinet WHERE id = :id")
    while rows := connection.execute(read, {"after": after, "batch": BATCH}).all():
        after = rows[-1].id
        found = [{"id": row.id, "cabinet": json.loads(row.state).get("cabinet")} for row in rows]
        found = [each for each in found if each["cabinet"] is not None]
        if found:
            connection.execute(write, found)
