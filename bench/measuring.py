"""Runs the measures one after the other, prints the table and writes every figure."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.age import age
from bench.bursts import bursts
from bench.calls import calls
from bench.clocks import clocks
from bench.delay import delay
from bench.figures import Result, shown
from bench.machine import machine
from bench.overhead import overhead
from bench.place import Place
from bench.postgres import CannotStart, running
from bench.starting import starting
from bench.throughput import throughput

MEASURES: Mapping[str, Callable[[Place], Result]] = {
    "throughput": throughput,
    "delay": delay,
    "age": age,
    "clocks": clocks,
    "starting": starting,
    "calls": calls,
    "overhead": overhead,
    "bursts": bursts,
}
"""By name, in the order they run."""

ONLY = "CONNECTOR_BENCH_ONLY"
"""Environment variable: names of measures, by commas, to run no others."""

NOTE = "One run on a machine that may have had other work: the ratios and the order of size stand, not the last digits."


def measure(
    *, daemon: Sequence[str], mapping: Path, out: Path, quick: bool, only: Collection[str] = (), scale: float = 0.1
) -> None:
    """Runs the measures, prints a table, and writes `out` after each of them.

    `daemon` is the command that runs the real daemon. `quick` takes `scale` of the load. `only` names measures (also
    by the environment variable CONNECTOR_BENCH_ONLY). Raises ValueError for a name there is not.
    """
    wanted = [name for name in MEASURES if not (chosen := _chosen(only)) or name in chosen]
    console = Console()
    found: dict[str, object] = {"machine": machine(), "quick": quick, "note": NOTE, "measures": {}}
    results: dict[str, object] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="connector-bench-")))
        server, lacking = None, ""
        try:
            server = stack.enter_context(running())
        except CannotStart as trouble:
            lacking = f"PostgreSQL: {trouble}"
        found["machine"] = {**machine(), "postgres": server.version if server else None,
                            "postgres_durable": server.durable if server else None}  # fmt: skip
        place = Place(
            daemon=daemon, mapping=mapping, folder=folder, scale=scale if quick else 1.0, postgres=server,
            no_postgres=lacking,
        )  # fmt: skip
        table = _table()
        for name in wanted:
            console.print(f"{name} …", style="dim")
            begun, busy = time.monotonic(), os.getloadavg()[0]
            result = MEASURES[name](place)
            results[name] = {
                "figures": [figure.plain() for figure in result.figures], "raw": result.raw,
                "skipped": result.skipped, "seconds": round(time.monotonic() - begun, 1),
                "load_before": round(busy, 2), "load_after": round(os.getloadavg()[0], 2),
            }  # fmt: skip
            found["measures"] = results
            out.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            _add(table, name, result)
    console.print(table)
    console.print(f"{NOTE}\n{out}", style="dim")


def _chosen(only: Collection[str]) -> list[str]:
    names = list(only) or [name.strip() for name in os.environ.get(ONLY, "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in MEASURES]:
        raise ValueError(f"there is no measure {', '.join(unknown)}; known: {', '.join(MEASURES)}")
    return names


def _table() -> Table:
    table = Table(title="connector bench")
    table.add_column("measure")
    table.add_column("figure")
    table.add_column("found", justify="right")
    table.add_column("target", justify="right")
    table.add_column("met")
    return table


def _add(table: Table, name: str, result: Result) -> None:
    for number, figure in enumerate(result.figures):
        met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[figure.met]
        value = f"{shown(figure.value)} {figure.unit}".strip()
        table.add_row(name if number == 0 else "", figure.name, value, figure.target, met)
    for reason in result.skipped:
        table.add_row(name if not result.figures else "", f"[yellow]left out: {reason.splitlines()[0]}[/]", "", "", "")
    table.add_section()
