"""An incident's own card is no client's request: nobody takes it out of the pool, and it is no load of anybody's."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("DELETE FROM hands WHERE ticket IN (SELECT id FROM tickets WHERE client LIKE 'incident:%')")
