"""One performance of the demo, from the first process to the last."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from sandbox.demo import stage as stages
from sandbox.demo.people import Agent, Client
from sandbox.demo.stage import Stage
from sandbox.demo.story import AGENT, NotSeen, Story, until
from sandbox.demo.telling import Terminal, shown_card, shown_chat
from sandbox.loopback import PortTaken

PAUSE = 0.7
"""Seconds between the lines of the story at speed 1, so that they can be read."""
START_LIMIT = 90.0
INTERRUPTED = 130


class _Stopped(Exception):
    """Ctrl-C, or the end of the terminal."""


class _DaemonEnded(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"the daemon ended with exit code {code}")
        self.code = code


def play(
    *, daemon: Sequence[str], mapping: Path, interactive: bool, port: int | None = None, speed: float = 1.0
) -> int:
    """Starts everything, tells the story, and when interactive serves the page until Ctrl-C. Gives the exit code.

    `daemon` is the argument list that runs the daemon; its settings come by environment. `port` is the page's (a free
    one without it). `speed` above 1 tells faster; without a terminal (`interactive` false) nothing waits for the eye.
    0: all was seen (and, at the page, Ctrl-C). 1: something was not seen in time, or could not start. 130: interrupted
    before the end of the story. Raises ValueError for a speed that is not above 0.
    """
    if speed <= 0:
        raise ValueError(f"speed: {speed} is not above 0")
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="connector-demo-"))
    code = 1
    try:
        code = asyncio.run(_play(console, daemon, mapping, folder, interactive, port, PAUSE / speed))
    except (PortTaken, OSError) as trouble:
        console.print(Text(f"Демонстрация не началась: {trouble}", style="bold red"))
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        log = folder / "daemon.log"
        if code != 1 or not log.exists() or not log.stat().st_size:  # else its address has been told
            shutil.rmtree(folder, ignore_errors=True)
    return code


async def _play(
    console: Console, daemon: Sequence[str], mapping: Path, folder: Path, interactive: bool, port: int | None,
    pause: float,
) -> int:  # fmt: skip
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    console.print(Text("Запускаю заместителей Telegram и Kaiten и настоящего демона …", style="dim"))
    async with stages.set_up(daemon=daemon, mapping=mapping, port=port, folder=folder) as stage:
        client = Client(
            stage.chat, user_id=700100, first_name="Мария", last_name="Орлова", username="maria_orlova"
        )  # fmt: skip
        agent = Agent(stage.board, user=AGENT, name="Анна Смирнова")
        story = Story(client, agent, Terminal(console, pause=pause if interactive else 0.0))
        try:
            await _unless_ended(_told(story, stage), stage, stop)
            console.print()
            if story.card is not None:
                console.print(shown_card(story.card))
            console.print(shown_chat(await client.sees(), client.name))
            if interactive:
                _invite(console, stage.page)
                await _unless_ended(stop.wait(), stage, stop)
        except _Stopped:
            return INTERRUPTED
        except NotSeen as missing:
            _report_missing(console, missing)
            await _report_found(console, story, client, agent)
            _report_log(console, stage)
            return 1
        except httpx.HTTPError as refused:
            console.print(Text(f"\n✗ Заместитель не дал сделать шаг: {refused}", style="bold red"))
            await _report_found(console, story, client, agent)
            _report_log(console, stage)
            return 1
        except _DaemonEnded as ended:
            console.print(Text(f"\nДемон завершился с кодом {ended.code}.", style="bold red"))
            _report_log(console, stage)
            return 1
        if interactive:
            console.print(Text("\nОстанавливаю …", style="dim"))
    return 0


async def _told(story: Story, stage: Stage) -> None:
    async def look() -> bool | None:
        return True if await stages.ready(stage) else None

    await until("демон работает и слушает чат", look, START_LIMIT)
    await story.play()


async def _unless_ended(what: Coroutine[None, None, object], stage: Stage, stop: asyncio.Event) -> None:
    """Waits for `what`; raises _Stopped or _DaemonEnded when that comes first."""
    doing = asyncio.ensure_future(what)
    stopped = asyncio.ensure_future(stop.wait())
    ended = asyncio.ensure_future(stage.daemon.process.wait())
    try:
        await asyncio.wait((doing, stopped, ended), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()
        elif stopped.done():
            raise _Stopped
        else:
            raise _DaemonEnded(ended.result())
    finally:
        for task in (doing, stopped, ended):
            task.cancel()
        await asyncio.gather(doing, stopped, ended, return_exceptions=True)


def _invite(console: Console, page: str) -> None:
    console.print(Text.assemble("\nТеперь вы: слева телефон клиента, справа доска → ", (page, "bold underline cyan")))
    console.print(Text("Ctrl-C — закончить.", style="dim"))


def _report_missing(console: Console, missing: NotSeen) -> None:
    console.print()
    console.print(Text(f"✗ За {missing.seconds:.0f} с не дождались: {missing.awaited}", style="bold red"))


async def _report_found(console: Console, story: Story, client: Client, agent: Agent) -> None:
    """How both sides stand, as far as the story has come."""
    console.print("Вот что есть:")
    cards = await agent.sees()
    console.print(*(shown_card(card) for card in cards) if cards else ("На досках нет ни одной карточки.",), sep="\n")
    if story.begun:
        console.print(shown_chat(await client.sees(), client.name))


def _report_log(console: Console, stage: Stage) -> None:
    console.print("Последние строки журнала демона:")
    for line in stage.daemon.last_lines():
        console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    console.print(Text(f"Весь журнал: {stage.daemon.log}"), soft_wrap=True)
