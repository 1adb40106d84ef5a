"""How many events a second go all the way: ingest, decide, outbox, perform, settle."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy import func, select

from bench import people
from bench.commits import postgres_commits, sqlite_commits
from bench.figures import Figure, Result
from bench.place import Place
from bench.running import Engine, Stuck, engine, policy_of
from connector.domain.policy import Policy
from connector.engine.daemon import calm_collector
from connector.store.tables import Noted, journal

CLIENTS = 200


def throughput(place: Place) -> Result:
    """Messages of clients with an open request, as many as the engine takes.

    Each becomes a mark, a comment, and another mark once the comment stands: three orders out of two events, the
    client's words and the end of the comment. Beside each store stand the raw commits a second of the same disk in the
    same run.
    """
    policy = policy_of(place.mapping)
    events, commits = place.count(20_000), sqlite_commits(place.folder, place.count(10_000))
    found = asyncio.run(flood(place.sqlite("throughput"), events, policy))
    figures = _figures("SQLite", found, commits, at_least=2000)
    raw: dict[str, object] = {"sqlite": {**found, "raw_commits_per_second": commits}}
    if place.postgres is None:
        return Result(figures=figures, raw=raw, skipped=(place.no_postgres,))
    events, commits = place.count(5_000), postgres_commits(place.postgres.database(), place.count(5_000))
    found = asyncio.run(flood(place.postgres.database(), events, policy))
    raw["postgres"] = {**found, "raw_commits_per_second": commits}
    return Result(figures=(*figures, *_figures("PostgreSQL", found, commits, at_least=500)), raw=raw)


def _figures(store: str, found: dict[str, float], commits: float, *, at_least: float) -> tuple[Figure, ...]:
    return (
        Figure(name=f"{store}: events/s", value=found["events_per_second"], unit="1/s", at_least=at_least),
        Figure(name=f"{store}: messages/s, all the way", value=found["messages_per_second"], unit="1/s"),
        Figure(name=f"{store}: our processor time a message", value=found["processor_ms_per_message"], unit="ms"),
        Figure(name=f"{store}: raw commits/s of this disk", value=commits, unit="1/s"),
    )


async def flood(url: str, messages: int, policy: Policy) -> dict[str, float]:
    """So many messages as fast as they go."""
    async with engine(url, policy) as running:
        calm_collector()  # as `connector run` does
        await running.meet(range(CLIENTS))
        return await _flood(running, messages)


_decided = select(func.count()).select_from(journal).where(journal.c.state == int(Noted.DECIDED))


async def _flood(running: Engine, messages: int) -> dict[str, float]:
    words = people.sentences()
    arrivals = [people.wrote(number % CLIENTS, next(words), number // CLIENTS) for number in range(messages)]
    before = running.board.done
    decided = await running.database.run(lambda connection: connection.execute(_decided).scalar_one())
    begun, used = time.perf_counter(), time.process_time()
    running.chat.put(arrivals)
    await running.performed(running.board, before + messages)
    await running.settled()
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    events = await running.database.run(lambda connection: connection.execute(_decided).scalar_one()) - decided
    receipts = sum(f"{arrival.key}/receipt" in running.chat.moments.performed for arrival in arrivals)
    if receipts != messages:
        raise Stuck(f"{messages} messages, but {receipts} receipts")
    return {
        "messages": messages, "events": events, "seconds": seconds, "events_per_second": events / seconds,
        "messages_per_second": messages / seconds, "processor_ms_per_message": used / messages * 1000,
    }  # fmt: skip
