"""The bot's commands as people see them in the chat's own menu, in each one's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from telegram import BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from adapters.telegram.api import BotApi
from adapters.telegram.shape import clean
from connector.domain.effects import Urgency
from connector.domain.text import shorten

DESCRIPTION_LIMIT: Final = 256
"""Characters, https://core.telegram.org/bots/api#botcommand"""

_LANGUAGE: Final = re.compile(r"([a-z]{2})(?:[-_].*)?", re.ASCII | re.IGNORECASE | re.DOTALL)

Commands = Sequence[tuple[str, str]]


# https://core.telegram.org/bots/api#setmycommands
# https://core.telegram.org/bots/api#botcommandscope
async def introduce(api: BotApi, commands: Mapping[str, Commands], default: str) -> None:
    """Sets the commands in private chats and in groups: one list for each language, the default one for all others.

    The default language gets a list of its own too: an older one of it would otherwise be preferred. What stands there
    already costs a look only. Raises Unavailable, Rejected, WrongToken; ValueError when `default` has no commands.
    """
    if default not in commands:
        raise ValueError(f"there are no commands in the default language {default!r}")
    for scope in (BotCommandScopeAllPrivateChats(), BotCommandScopeAllGroupChats()):
        for language, listed in ((None, commands[default]), *by_code(commands).items()):
            await _offer(api, scope, language, tuple(_command(*one) for one in listed))


def by_code(commands: Mapping[str, Commands]) -> dict[str, Commands]:
    """The lists by two-letter code, all that Telegram knows; of `pt` and `pt-BR` the plain one counts."""
    found: dict[str, Commands] = {}
    for language in sorted(commands, key=len):
        if code := _LANGUAGE.fullmatch(language):
            found.setdefault(code[1].lower(), commands[language])
    return found


# https://core.telegram.org/bots/api#getmycommands
async def _offer(api: BotApi, scope: BotCommandScope, language: str | None, wanted: tuple[BotCommand, ...]) -> None:
    standing = await api.call(Urgency.RESYNC, lambda: api.bot.get_my_commands(scope, language))
    if standing != wanted:
        await api.call(Urgency.RESYNC, lambda: api.bot.set_my_commands(wanted, scope, language))


# https://core.telegram.org/bots/api#botcommand
def _command(name: str, description: str) -> BotCommand:
    return BotCommand(name.removeprefix("/"), shorten(clean(description), DESCRIPTION_LIMIT))
