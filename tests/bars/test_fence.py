"""What a daemon may still do after a freeze: nothing with a lane that others took over, and it holds up nobody."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from connector.domain.effects import Urgency
from connector.store import engines
from connector.store.database import open_database
from connector.store.ingest import wake_lanes
from connector.store.tables import lanes

pytestmark = pytest.mark.postgres


def test_a_daemon_frozen_inside_a_transaction_holds_the_others_up_for_a_moment_only(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    monkeypatch.setattr(engines, "FROZEN_SECONDS", 1.0)
    frozen, awake = open_database(postgres_url), open_database(postgres_url)
    try:
        with awake.engine.begin() as connection:
            wake_lanes(connection, "board", [("board/1", 0.0, int(Urgency.CARD))])
        held = frozen.engine.connect()
        held.execute(update(lanes).values(due=1.0))
        begun = time.monotonic()
        with awake.engine.begin() as connection:
            connection.execute(update(lanes).values(due=2.0))
        waited = time.monotonic() - begun
        with pytest.raises(DBAPIError):
            held.execute(update(lanes).values(due=3.0))
        held.close()
        with frozen.engine.begin() as connection:  # the next transaction gets a connection of its own
            assert connection.execute(lanes.select()).one().due == 2.0
    finally:
        frozen.close()
        awake.close()
    tell(f"frozen inside a transaction: the others waited {waited:.1f} s of the 1 s it was given")
    assert 0.5 < waited < 4.0
