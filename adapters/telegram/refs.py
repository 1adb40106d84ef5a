"""The names this room gives to things in Telegram, sealed for everyone else."""

from __future__ import annotations

import re
from typing import Final

from connector.domain.refs import Ref

PORT: Final = "telegram"

# chat      <chat_id>
# message   <bot_id>/<chat_id>/<message_id>    ids start anew with another bot, so the bot is part of the name
# tap       <bot_id>/tap/<callback_query_id>
# file      <bot_id>/file/<file_id>            a file_id is of use only to the bot that got it
# person    user/<user_id>, or chat/<chat_id> of someone who writes in the name of a chat

_MESSAGE = re.compile(r"(\d{1,20})/(-?\d{1,20})/(\d{1,20})", re.ASCII)
_TAP = re.compile(r"(\d{1,20})/tap/(.+)", re.ASCII)
_FILE = re.compile(r"(\d{1,20})/file/(.+)", re.ASCII)
_CHAT = re.compile(r"-?\d{1,20}", re.ASCII)

# A file_id that looked like a path would make python-telegram-bot read that path from our own disk.
FILE_ID: Final = re.compile(r"[A-Za-z0-9_\-=.:+]{1,512}", re.ASCII)


def chat_ref(chat_id: int) -> Ref:
    """The chat of that id."""
    return Ref(port=PORT, id=str(chat_id))


def message_ref(bot_id: int, chat_id: int, message_id: int) -> Ref:
    """A message as this bot sees it."""
    return Ref(port=PORT, id=f"{bot_id}/{chat_id}/{message_id}")


def tap_ref(bot_id: int, query_id: str) -> Ref:
    """A tap on one of this bot's buttons."""
    return Ref(port=PORT, id=f"{bot_id}/tap/{query_id}")


def file_ref(bot_id: int, file_id: str) -> Ref:
    """A file that was sent to this bot."""
    return Ref(port=PORT, id=f"{bot_id}/file/{file_id}")


def user_ref(user_id: int) -> Ref:
    """A person."""
    return Ref(port=PORT, id=f"user/{user_id}")


def sender_chat_ref(chat_id: int) -> Ref:
    """Someone who writes in the name of a chat: an anonymous administrator, a linked channel."""
    return Ref(port=PORT, id=f"chat/{chat_id}")


def chat_id_of(ref: Ref) -> int:
    """Raises ValueError when the ref is no chat of ours."""
    if ref.port != PORT or not _CHAT.fullmatch(ref.id):
        raise ValueError(f"{ref.port}:{ref.id} is not a Telegram chat")
    return int(ref.id)


def message_of(ref: Ref, bot_id: int) -> tuple[int, int]:
    """Chat id and message id. Raises ValueError when the ref is no message this bot knows."""
    found = _MESSAGE.fullmatch(ref.id)
    if ref.port != PORT or found is None or int(found[1]) != bot_id:
        raise ValueError(f"{ref.port}:{ref.id} is not a Telegram message of bot {bot_id}")
    return int(found[2]), int(found[3])


def query_id_of(ref: Ref, bot_id: int) -> str:
    """The callback query behind a tap. Raises ValueError when the ref is no tap this bot knows."""
    found = _TAP.fullmatch(ref.id)
    if ref.port != PORT or found is None or int(found[1]) != bot_id:
        raise ValueError(f"{ref.port}:{ref.id} is not a tap of bot {bot_id}")
    return found[2]


def file_id_of(ref: Ref, bot_id: int) -> str:
    """Raises ValueError when the ref is no file this bot can get."""
    found = _FILE.fullmatch(ref.id)
    if ref.port != PORT or found is None or int(found[1]) != bot_id or not FILE_ID.fullmatch(found[2]):
        raise ValueError(f"{ref.port}:{ref.id} is not a file of bot {bot_id}")
    return found[2]
