"""How long the daemon takes to start, and what it holds when it has nothing to do."""

from __future__ import annotations

import time

from bench.company import Company
from bench.figures import Figure, Result, percentile
from bench.machine import resident_mb
from bench.place import Place


def starting(place: Place) -> Result:
    """From the command to "started", with a database that exists; then its memory after some idle seconds."""
    times = []
    with Company(place, "starting") as company:
        first = company.start()
        company.quiet()
        company.stop()
        for _ in range(place.count(7, least=3)):
            times.append(company.start())
            company.stop()
        company.start()
        time.sleep(max(2.0, 10 * place.scale))
        assert company.daemon is not None
        memory = resident_mb(company.daemon.pid)
    figures = (
        Figure(name="start with an existing database, median", value=percentile(times, 0.5), unit="s", at_most=1),
        Figure(name="start with an existing database, longest", value=max(times), unit="s"),
        Figure(name="first start, which makes the tables", value=first, unit="s"),
        Figure(name="memory of the idle daemon", value=memory, unit="MB", at_most=120),
    )
    return Result(figures=figures, raw={"seconds": times, "first_seconds": first, "resident_mb": memory})
