"""The methods by which a bot tells Telegram its commands, kept for each scope and language on its own.

https://core.telegram.org/bots/api#botcommand
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.world import Payload, World

_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)
_LANGUAGE = re.compile(r"([a-z]{2})?", re.ASCII)
_AT_MOST = 100
_NAME_LIMIT = 32
_DESCRIPTION_LIMIT = 256
_SCOPES = frozenset(("default", "all_private_chats", "all_group_chats", "all_chat_administrators"))
_CHAT_SCOPES = frozenset(("chat", "chat_administrators", "chat_member"))


async def set_my_commands(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#setmycommands : none at all is as good as deleting them."""
    place = _place(world, parameters)
    listed = [_command(given) for given in parameters.objects("commands")]
    if len(listed) > _AT_MOST:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    if not all(_NAME.fullmatch(command["command"]) for command in listed):
        raise bad_request("BOT_COMMAND_INVALID")
    world.settings[place] = listed
    return True


async def get_my_commands(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getmycommands : those of exactly this scope and language."""
    return world.settings.get(_place(world, parameters), [])


async def delete_my_commands(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#deletemycommands"""
    world.settings.pop(_place(world, parameters), None)
    return True


# https://core.telegram.org/bots/api#botcommandscope
def _place(world: World, parameters: Parameters) -> str:
    """Under which name the list of this scope and language is kept."""
    scope = parameters.structure("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope: expected an Object")
    kind = scope.get("type")
    if kind not in _SCOPES | _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if kind in _CHAT_SCOPES:
        chat = world.known_chat(Parameters(scope))
        if chat.type == "private" and kind != "chat":
            raise bad_request("can't use specified scope in private chats")
    language = parameters.text("language_code") or ""
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return f"commands {sorted(scope.items())} {language}"


def _command(given: Payload) -> Payload:
    name = str(given.get("command", "")).strip().removeprefix("/")
    description = str(given.get("description", "")).strip()
    for what, value, limit in (
        ("command", name, _NAME_LIMIT),
        ("command description", description, _DESCRIPTION_LIMIT),
    ):
        if not value:
            raise bad_request(f"{what} must be non-empty")
        if len(value) > limit:
            raise bad_request(f"{what} length must not exceed {limit}")
    return {"command": name, "description": description}
