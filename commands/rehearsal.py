"""Rehearsal on this machine alone: the demo, the stand-ins, the measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.answer import Exit, fail


def demo(
    port: Annotated[int | None, typer.Option(help="Where the page is served [default: a free port]")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Another mapping than the example's")] = None,
) -> None:
    """Play a short story on stand-ins of Telegram and Kaiten with the real daemon, then serve a page to try it."""
    from sandbox.demo import play

    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(
        play(daemon=_ourselves("run"), mapping=mapping or _example_mapping(), interactive=interactive, port=port)
    )


def sandbox(
    telegram_port: Annotated[int, typer.Option(help="0: a free one")] = 8081,
    kaiten_port: Annotated[int, typer.Option(help="0: a free one")] = 8082,
) -> None:
    """Run the stand-ins of Telegram and Kaiten alone, to rehearse a mapping or to test against."""
    from sandbox.loopback import PortTaken
    from sandbox.serve import serve

    try:
        serve(telegram_port=telegram_port, kaiten_port=kaiten_port)
    except PortTaken as taken:
        fail(Exit.FAILED, str(taken))


def bench(
    out: Annotated[Path, typer.Option(help="Where the figures go as JSON")] = Path("bench.json"),
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the load: to see that it works")] = False,
    only: Annotated[str, typer.Option(help="Names of measures, by commas")] = "",
) -> None:
    """Measure: calls per message, bursts, latency, throughput, memory; prints a table and writes JSON."""
    from bench import MEASURES, measure

    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in MEASURES]:
        fail(Exit.USAGE, f"there is no measure {', '.join(unknown)}; known: {', '.join(MEASURES)}")
    measure(daemon=_ourselves("run"), mapping=_example_mapping(), out=out, quick=quick, only=wanted)


def _ourselves(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments]


def _example_mapping() -> Path:
    import mappings

    return Path(mappings.__file__).parent / "support.example.yaml"
