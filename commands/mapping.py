"""The mapping beside what it speaks of: is it sound, does it fit the board, what may it name."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.options import ConfigOption, JsonOption, load_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.domain.layout import Layout
    from connector.settings import Settings
    from mappings.load import Loaded
    from mappings.problems import Problem


def check(
    config: ConfigOption = None,
    live: Annotated[bool, typer.Option("--live", help="Also ask the real bot and the real board.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Report every problem of configuration and mapping at once; with --live against the real bot and board too."""
    from mappings.load import render
    from mappings.problems import Severity
    from mappings.resolve import resolve

    settings, loaded = load_all(config, as_json=as_json)
    assert loaded.mapping is not None
    told = {"mapping": str(settings.mapping), "version": loaded.mapping.version, "live": live}
    if not live:
        if as_json:
            answer({**told, "problems": _told(loaded.problems)})
        else:
            print(f"{settings.mapping}: sound (not yet compared with the live board: add --live)")
        return
    name, owner, layout = ask_live(settings, loaded, as_json=as_json)
    resolved, problems = resolve(loaded.mapping, layout)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    unfit = f"{errors} error(s): {settings.mapping} does not fit the board."
    if as_json:
        if resolved is None:
            fail(Exit.INVALID, render(problems), as_json=True, hint=unfit)
        found = _told((*loaded.problems, *problems))
        answer({**told, "bot": name, "owner": owner, "boards": len(resolved.boards), "problems": found})
        return
    print(f"bot: {name}")
    print(f"board: acting as {owner}")
    if problems:
        print(render(problems), file=sys.stderr)
    if resolved is None:
        fail(Exit.INVALID, "", unfit)
    print(f"{settings.mapping}: fits the board ({len(resolved.boards)} boards, version {loaded.mapping.version})")


def _told(problems: tuple[Problem, ...]) -> list[dict[str, object]]:
    return [{**asdict(problem), "file": str(problem.file), "severity": problem.severity.value} for problem in problems]


def ask_live(settings: Settings, loaded: Loaded, *, as_json: bool = False) -> tuple[str, str, Layout]:
    """Who the bot is, who we are on the board, and what stands there; what either side refuses ends the command."""
    from composition import adapters
    from connector.ports import Unavailable, WrongToken
    from mappings.resolve import spaces

    async def ask() -> tuple[list[str | Layout], list[tuple[Exit, str]]]:
        assert loaded.mapping is not None
        answers: list[str | Layout] = []
        troubles: list[tuple[Exit, str]] = []
        chat, board, _ = adapters(settings, None)
        wanted = spaces(loaded.mapping)
        telegram = f"telegram ({settings.telegram.base_url})"
        tool = f"{settings.board.tool} ({settings.board.base_url})"
        asked: tuple[tuple[str, Callable[[], Awaitable[str | Layout]]], ...] = (
            (telegram, chat.identify),
            (tool, board.identify),
            (tool, lambda: board.layout(wanted)),
        )
        silent = set()
        try:
            for who, question in asked:
                if who in silent:  # once is enough
                    continue
                try:
                    answers.append(await question())
                except WrongToken as refused:
                    troubles.append((Exit.REFUSED, f"{refused}. Set the right token."))
                except Unavailable as trouble:
                    silent.add(who)
                    troubles.append((Exit.UNREACHABLE, f"{who} cannot be reached: {trouble.reason}"))
        finally:
            await chat.aclose()
            await board.aclose()
        return answers, troubles

    answers, troubles = asyncio.run(ask())
    if troubles:
        fail(troubles[0][0], *dict.fromkeys(text for _, text in troubles), as_json=as_json)
    name, owner, layout = answers
    assert isinstance(name, str)
    assert isinstance(owner, str)
    assert not isinstance(layout, str)
    return name, owner, layout


def names(
    what: Annotated[str, typer.Argument(help="spaces, boards, columns, lanes, users, fields or tags")] = "boards",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what the board has, with ids: everything a mapping may name."""
    kinds = ("spaces", "boards", "columns", "lanes", "users", "fields", "tags")
    if what not in kinds:
        fail(Exit.USAGE, f"{what}: expected one of {', '.join(kinds)}", as_json=as_json)
    settings, loaded = load_all(config, as_json=as_json)
    _, _, layout = ask_live(settings, loaded, as_json=as_json)
    if as_json:
        answer(asdict(layout))
        return
    for row in _rows(layout, what):
        print("\t".join(row))


def _rows(layout: Layout, what: str) -> list[tuple[str, ...]]:
    match what:
        case "spaces":
            return list(layout.spaces)
        case "boards":
            return [(board.id, board.title) for board in layout.boards]
        case "columns":
            return [(column.id, board.title, column.title) for board in layout.boards for column in board.columns]
        case "lanes":
            return [(lane.id, board.title, lane.title) for board in layout.boards for lane in board.lanes]
        case "users":
            return [(user.id, user.name, user.username or "") for user in layout.users]
        case "fields":
            return [
                (each.id, each.name, str(each.kind), ", ".join(title for _, title in each.options))
                for each in layout.fields
            ]
        case _:
            return [(tag,) for tag in layout.tags]
