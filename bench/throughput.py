"""How many events a second go all the way: ingest, decide, outbox, perform, settle."""

from __future__ import annotations

import asyncio
import time

from bench import people
from bench.commits import postgres_commits, sqlite_commits
from bench.figures import Figure, Result
from bench.place import Place
from bench.running import Engine, Stuck, engine, policy_of
from connector.domain.policy import Policy
from connector.engine.daemon import calm_collector

CLIENTS = 200


def throughput(place: Place) -> Result:
    """Messages of clients with an open request, as many as the engine takes: each becomes a receipt and a comment.

    Beside each store stand the raw commits a second of the same disk in the same run.
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
        Figure(name=f"{store}: our processor time an event", value=found["processor_ms_per_event"], unit="ms"),
        Figure(name=f"{store}: raw commits/s of this disk", value=commits, unit="1/s"),
    )


async def flood(url: str, events: int, policy: Policy) -> dict[str, float]:
    """So many messages as fast as they go."""
    async with engine(url, policy) as running:
        calm_collector()  # as `connector run` does
        await running.meet(range(CLIENTS))
        return await _flood(running, events)


async def _flood(running: Engine, events: int) -> dict[str, float]:
    words = people.sentences()
    arrivals = [people.wrote(number % CLIENTS, next(words), number // CLIENTS) for number in range(events)]
    before = running.board.done
    begun, used = time.perf_counter(), time.process_time()
    running.chat.put(arrivals)
    await running.performed(running.board, before + events)
    await running.settled()
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    receipts = sum(f"{arrival.key}/receipt" in running.chat.moments.performed for arrival in arrivals)
    if receipts != events:
        raise Stuck(f"{events} messages, but {receipts} receipts")
    return {
        "events": events, "seconds": seconds, "events_per_second": events / seconds,
        "processor_ms_per_event": used / events * 1000,
    }  # fmt: skip
