"""Who of the mapping has a chat, the codes that link one, and taking it away again."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all

if TYPE_CHECKING:
    from connector.domain.around import Link
    from connector.domain.people import People

VALID = 3600.0
"""Seconds a code can be used."""


class Deed(StrEnum):
    """What is done."""

    LIST = "list"
    CODE = "code"
    UNLINK = "unlink"


def agents(
    deed: Annotated[Deed, typer.Argument(help="list, code or unlink")] = Deed.LIST,
    name: Annotated[str, typer.Argument(help="The key of an agent or a team in the mapping")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Link the chats of agents and teams: `connector agents code anna` prints a code for one hour and one use.

    The agent writes `/agent CODE` to the bot in private; in a team's group somebody writes `/team CODE`. `unlink` takes
    the chat away again. A key that an agent and a team share means the agent.
    """
    settings, loaded = load_all(config, as_json=as_json)
    people = loaded.policy().people
    if deed is not Deed.LIST and name not in people.agents and name not in people.teams:
        known = ", ".join([*people.agents, *people.teams]) or "nobody yet: add `people` and `teams`"
        fail(Exit.USAGE, f"The mapping has no agent or team {name!r}.", as_json=as_json, hint=f"It has: {known}")
    agent, team = (name, None) if name in people.agents else (None, name)
    match deed:
        case Deed.LIST:
            from connector.store.around import all_links

            with visit(settings, as_json=as_json) as there:
                found = there.do(lambda connection, _: all_links(connection))
            _show(people, found, as_json=as_json)
        case Deed.CODE:
            from connector.store.around import fresh_code

            with visit(settings, to_write=True, as_json=as_json) as there:
                code, until = there.do(
                    lambda connection, now: (
                        fresh_code(connection, now, now + VALID, agent=agent, team=team),
                        now + VALID,
                    )
                )
            command = f"/agent {code}" if agent is not None else f"/team {code}"
            ends = datetime.fromtimestamp(until, UTC)
            if as_json:
                answer({"agent": agent, "team": team, "code": code, "command": command, "until": ends})
                return
            where = "to the bot, in a private chat" if agent is not None else "in the group, where the bot is a member"
            print(command)
            print(f"To be written {where}; once, until {ends:%Y-%m-%d %H:%M}Z.")
        case Deed.UNLINK:
            from connector.store.around import unlink

            with visit(settings, to_write=True, as_json=as_json) as there:
                count = there.do(lambda connection, now: unlink(connection, now, agent=agent, team=team))
            if as_json:
                answer({"agent": agent, "team": team, "chats": count})
            elif count:
                print(f"{name}: {count} chat(s) unlinked; the daemon tells them.")
            else:
                print(f"{name} has no chat.")


def _show(people: People, links: tuple[Link, ...], *, as_json: bool) -> None:
    chats = {
        (kind, key): [link.client for link in links if getattr(link, kind) == key]
        for kind, keys in (("agent", people.agents), ("team", people.teams))
        for key in keys
    }
    if as_json:
        answer(
            {
                "agents": [{"key": key, "chats": chats["agent", key]} for key in people.agents],
                "teams": [{"key": key, "chats": chats["team", key]} for key in people.teams],
            }
        )
        return
    for (kind, key), found in chats.items():
        print(f"{kind} {key}: {', '.join(found) if found else 'no chat'}")
    if not chats:
        print("The mapping names no agents and no teams.")
