"""Holding up a part of the work for a while, and letting it go on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all, load_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from connector.domain.pause import Pause


class Way(StrEnum):
    """The two directions."""

    IN = "in"
    OUT = "out"


class Place(StrEnum):
    """The two sides."""

    CHAT = "chat"
    BOARD = "board"


DirectionOption = Annotated[
    Way | None, typer.Option("--direction", help="in: what is read; out: what is ordered [default: out]")
]
SideOption = Annotated[
    Place | None,
    typer.Option("--side", help="The chat or the board [default: the board for in, both for out]", show_default=False),
]
BoardOption = Annotated[str | None, typer.Option("--board", help="Only requests on this board: its title or id")]
TopicOption = Annotated[str | None, typer.Option("--topic", help="Only requests of this topic: its key in the mapping")]


def pause(
    direction: DirectionOption = None,
    side: SideOption = None,
    board: BoardOption = None,
    topic: TopicOption = None,
    listing: Annotated[bool, typer.Option("--list", help="Only show what is paused.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold up a part of the work: it queues, clients are received and acknowledged all the same.

    Every daemon of the database obeys within two seconds; a restart changes nothing. Without --direction, orders to
    both sides wait. `--direction in` stops reading the board (agents' words wait there); with `--side chat` the chat,
    which keeps clients' words for 24 hours only.
    """
    from connector.store.pauses import pause as hold_up
    from connector.store.pauses import paused

    if listing:
        settings = load_configuration(config, as_json=as_json)
        with visit(settings, as_json=as_json) as there:
            found = there.do(lambda connection, _: paused(connection))
        _show(found, as_json=as_json, none="Nothing is paused.")
        return
    wanted = _wanted(direction, side, board, topic, config, as_json=as_json)
    with visit(load_configuration(config, as_json=as_json), to_write=True, as_json=as_json) as there:
        for each in wanted:
            there.do(lambda connection, _: hold_up(connection, each))  # noqa: B023  # called at once
        found = there.do(lambda connection, _: paused(connection))
    _show(found, as_json=as_json, none="Nothing is paused.")


def resume(
    direction: DirectionOption = None,
    side: SideOption = None,
    board: BoardOption = None,
    topic: TopicOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Whatever is paused.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go on what was paused, with the same options or with --all; what waited goes at once, oldest first."""
    from connector.store.pauses import paused
    from connector.store.pauses import resume as let_go

    given = any((direction, side, board, topic))
    wanted = () if everything else _wanted(direction, side, board, topic, config, as_json=as_json)
    with visit(load_configuration(config, as_json=as_json), to_write=True, as_json=as_json) as there:
        found = there.do(lambda connection, _: paused(connection))
        names = {each.name for each in wanted}
        ending = [each for each in found if everything or each.name in names]
        if not ending and (found or given):
            known = "; ".join(_said(each) for each in found) or "nothing at all"
            fail(Exit.USAGE, "That is not paused.", as_json=as_json, hint=f"Paused is: {known}.")
        for each in ending:
            there.do(lambda connection, now: let_go(connection, now, each.name))  # noqa: B023  # called at once
        found = there.do(lambda connection, _: paused(connection))
    _show(found, as_json=as_json, none="Nothing is paused any more.")


def _wanted(
    direction: Way | None,
    side: Place | None,
    board: str | None,
    topic: str | None,
    config: Path | None,
    *,
    as_json: bool,
) -> tuple[Pause, ...]:
    from connector.domain.pause import Direction, Pause

    way = Direction(direction or Way.OUT)
    if way is Direction.IN and (board or topic):
        hint = "A board or a topic narrows what goes out: leave --direction away. Reading is paused as a whole."
        fail(Exit.USAGE, "--direction in takes no --board or --topic.", as_json=as_json, hint=hint)
    number = board_id(board, config, as_json=as_json) if board else None
    if topic:
        check_topic(topic, config, as_json=as_json)
    sides = [side] if side else [Place.BOARD] if way is Direction.IN else list(Place)
    now = datetime.now(UTC)
    return tuple(Pause(direction=way, side=each.value, board=number, topic=topic, since=now) for each in sides)


def board_id(board: str, config: Path | None, *, as_json: bool) -> str:
    """The id the board tool knows it by. A number is believed: so the tool need not be reachable."""
    if board.isascii() and board.isdigit():
        return board
    from commands.mapping import ask_live

    settings, loaded = load_all(config, as_json=as_json)
    _, _, layout = ask_live(settings, loaded, as_json=as_json)
    found = [each for each in layout.boards if each.title.casefold() == board.strip().casefold()]
    if len(found) != 1:
        known = ", ".join(f"{each.title} ({each.id})" for each in layout.boards)
        fail(Exit.USAGE, f"{len(found)} boards are called {board!r}.", as_json=as_json, hint=f"There are: {known}")
    return found[0].id


def check_topic(topic: str, config: Path | None, *, as_json: bool) -> None:
    """Ends the command where the mapping has no such topic."""
    _, loaded = load_all(config, as_json=as_json)
    known = [each.key for each in loaded.policy().topics]
    if topic not in known:
        fail(Exit.USAGE, f"The mapping has no topic {topic!r}.", as_json=as_json, hint=f"It has: {', '.join(known)}")


def _show(found: tuple[Pause, ...], *, as_json: bool, none: str) -> None:
    if as_json:
        answer({"pauses": [{**asdict(each), "name": each.name} for each in found]})
        return
    for each in found:
        print(f"paused: {_said(each)}, since {each.since:%Y-%m-%d %H:%M:%S}Z")
    if not found:
        print(none)


def _said(pause: Pause) -> str:
    from commands.status import said

    return said(pause)
