"""What the gauges show is what stands in the store."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from connector.store import measuring
from connector.store.database import open_database
from connector.store.tables import journal, outbox, tickets


def _order(connection: Connection, seq: int, port: str, urgency: int, state: int, created: float) -> None:
    row = {
        "seq": seq, "key": f"o{seq}", "lane": f"{port}/{seq % 3}", "port": port, "client": "c", "kind": "SendMessage",
        "effect": "{}", "urgency": urgency, "state": state, "attempt": 0, "tries": 0, "created": created,
    }  # fmt: skip
    connection.execute(insert(outbox), row)


async def test_queues_count_what_is_not_over_by_side_and_class(database_url: str) -> None:
    database = open_database(database_url)

    def fill(connection: Connection) -> list[measuring.Queue]:
        _order(connection, 1, "chat", 0, 2, 1.0)
        _order(connection, 2, "chat", 0, 0, 20.0)
        _order(connection, 3, "chat", 0, 1, 10.0)
        _order(connection, 4, "board", 2, 0, 5.0)
        _order(connection, 5, "board", 2, 3, 1.0)
        return measuring.queues(connection)

    found = {(each.port, each.urgency): each for each in await database.run(fill)}
    database.close()
    assert set(found) == {("chat", 0), ("board", 2)}
    assert (found["chat", 0].orders, found["chat", 0].oldest) == (2, 10.0)
    assert (found["board", 2].orders, found["board", 2].oldest) == (1, 5.0)


async def test_the_lag_is_the_oldest_event_nobody_decided_on(database_url: str) -> None:
    database = open_database(database_url)

    def fill(connection: Connection) -> tuple[int, float | None]:
        assert measuring.lag(connection) == (0, None)
        for key, state, received in (("a", 1, 1.0), ("b", 0, 3.0), ("c", 0, 2.0), ("d", 2, 1.0)):
            row = {"key": key, "kind": "", "at": 0.0, "received": received, "state": state, "client": "c"}
            connection.execute(insert(journal), row)
        return measuring.lag(connection)

    assert await database.run(fill) == (2, 2.0)
    database.close()


@pytest.mark.parametrize("most", [1, 2, 100])
async def test_unanswered_requests_are_found_page_by_page_whole_clients_at_a_time(database_url: str, most: int) -> None:
    database = open_database(database_url)
    asked = '"latest":{"port":"telegram","id":"1"}'
    states = (
        ("c1", True, f'{{"topic":"pay",{asked}}}'),  # being opened: the first phase is not written down
        ("c1", True, f'{{"topic":"pay","phase":"work",{asked}}}'),
        ("c2", True, f'{{"topic":"pay","phase":"done",{asked}}}'),
        ("c3", True, '{"topic":"till","phase":"queue"}'),
        ("c4", True, f'{{"topic":"till","phase":"queue",{asked}}}'),
        ("c5", False, f'{{"topic":"till","phase":"queue",{asked}}}'),
    )

    def fill(connection: Connection) -> dict[str, int]:
        for number, (client, live, state) in enumerate(states):
            row = {"id": f"t{number}", "client": client, "number": number, "live": live, "state": state}
            connection.execute(insert(tickets), row)
        after: str | None = ""
        counted: dict[str, int] = {}
        while after is not None:
            page = measuring.unanswered(connection, after, most=most)
            for topic, count in page.topics.items():
                counted[topic] = counted.get(topic, 0) + count
            after = page.after
        return counted

    assert await database.run(fill) == {"pay": 2, "till": 1}
    database.close()
