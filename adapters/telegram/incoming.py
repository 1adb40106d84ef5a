"""One update of the Bot API told as what happened."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import datetime

from telegram import Chat, Message, MessageEntity, Update, User
from telegram.error import TelegramError

from adapters.telegram.content import Me, answered, words_of
from adapters.telegram.entities import marked
from adapters.telegram.kinds import READ, is_service
from adapters.telegram.refs import PORT, chat_ref, message_ref, sender_chat_ref, tap_ref, user_ref
from adapters.telegram.shape import (
    Unreadable,
    clean,
    mapping,
    maybe_text,
    maybe_whole,
    moment,
    text,
    whole,
)
from adapters.telegram.updates import Payload
from connector.domain.events import (
    ChatEvent,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
)
from connector.domain.refs import Key, Ref
from connector.domain.words import Person
from connector.ports import Arrival

_log = logging.getLogger(__name__)

KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update we ask for."""

# Whatever python-telegram-bot or our own reading raises on values of a shape the Bot API does not know.
_SPOILT = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
    TelegramError,
)


def arrival(payload: Payload, me: Me, *, received_at: datetime, raw: str) -> Arrival | None:
    """The update as an arrival; None when it means nothing to us.

    `raw` is its JSON without secrets; `received_at` dates what Telegram leaves undated (a tap).
    Dropped: channel posts, our own messages, service messages (a pin, a new title, also a group becoming a
    supergroup: what is sent to the old chat follows on its own), taps on inline results, changes of the bot's rights.
    """
    unreadable = Key(f"{PORT}:{me.id}/update/{payload.id}/{payload.fingerprint}")
    if payload.content is None:
        return Arrival(key=unreadable, raw=raw, reason=payload.reason or "unreadable")
    try:
        event = _event(payload.content, me, received_at=received_at)
    except Unreadable as error:
        return Arrival(key=unreadable, raw=raw, reason=str(error))
    except _SPOILT as error:
        return Arrival(key=unreadable, raw=raw, reason=_why(error))
    if event is None:
        _log.debug("update %s of kind %s means nothing to us", payload.id, _kind(payload.content))
        return None
    return Arrival(key=event.key, raw=raw, event=event)


def _why(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}")[:300].replace("\n", " ")


def _kind(update: Mapping[str, object]) -> str:
    return next((key for key in update if key != "update_id"), "none")[:64]


def in_group(payload: Payload) -> bool:
    """Whether it is a message in a group: only there it matters how the bot is called."""
    message = (payload.content or {}).get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    return isinstance(chat, dict) and chat.get("type") in ("group", "supergroup")


# https://core.telegram.org/bots/api#update
def _event(update: Mapping[str, object], me: Me, *, received_at: datetime) -> ChatEvent | None:
    if "message" in update:
        return _wrote(mapping(update["message"], "message"), me)
    if "edited_message" in update:
        return _edited(mapping(update["edited_message"], "edited_message"), me)
    if "callback_query" in update:
        return _tapped(mapping(update["callback_query"], "callback_query"), me, received_at=received_at)
    if "my_chat_member" in update:
        return _membership(update, me)
    return None


def _parsed(raw: Mapping[str, object]) -> Message:
    """The parts we read, parsed by python-telegram-bot."""
    update = Update.de_json({"update_id": 0, "message": {key: raw[key] for key in READ & raw.keys()}})
    if update.message is None:
        raise Unreadable("a message that is none")
    whole(update.message.message_id, "message_id")
    whole(update.message.chat.id, "chat.id")
    return update.message


def _ours_to_read(message: Message, raw: Mapping[str, object], me: Me) -> bool:
    """False for channel posts, our own words and what nobody wrote."""
    own = message.from_user is not None and message.from_user.id == me.id
    return not own and message.chat.type != Chat.CHANNEL and not is_service(raw)


# https://core.telegram.org/bots/api#message
def _wrote(raw: Mapping[str, object], me: Me) -> ClientWrote | None:
    message = _parsed(raw)
    if not _ours_to_read(message, raw, me):
        return None
    ref = message_ref(me.id, message.chat.id, message.message_id)
    reply_to, to_me = _answer(message, raw, me)
    return ClientWrote(
        key=ref.key,
        at=moment(raw.get("date"), "date"),
        chat=chat_ref(message.chat.id),
        message=ref,
        author=_author(message),
        words=words_of(message, raw, me),
        reply_to=reply_to,
        album=maybe_text(message.media_group_id),
        addressed=message.chat.type == Chat.PRIVATE or to_me or _called(message, me),
        group=_group(message),
    )


def _edited(raw: Mapping[str, object], me: Me) -> ClientEdited | None:
    message = _parsed(raw)
    if not _ours_to_read(message, raw, me):
        return None
    ref = message_ref(me.id, message.chat.id, message.message_id)
    when = raw.get("edit_date", raw.get("date"))
    content = hashlib.sha256(json.dumps(raw, sort_keys=True).encode("ascii")).hexdigest()[:12]
    return ClientEdited(
        key=Key(f"{ref.key}:edit:{whole(when, 'edit_date')}:{content}"),
        at=moment(when, "edit_date"),
        chat=chat_ref(message.chat.id),
        message=ref,
        author=_author(message),
        words=words_of(message, raw, me),
    )


# https://core.telegram.org/bots/api#chat
def _group(message: Message) -> str | None:
    """The title of the group; None in a chat with one person."""
    if message.chat.type == Chat.PRIVATE:
        return None
    return maybe_text(message.chat.title) or str(message.chat.id)


def _author(message: Message) -> Person:
    """The sender; the chat, when an anonymous administrator or a linked channel speaks in its name."""
    if message.sender_chat is not None:
        chat_id = whole(message.sender_chat.id, "sender_chat.id")
        name = maybe_text(message.sender_chat.title) or str(chat_id)
        return Person(ref=sender_chat_ref(chat_id), name=name)
    if message.from_user is None:
        raise Unreadable("nobody sent the message")
    return _person(message.from_user)


# https://core.telegram.org/bots/api#user
def _person(user: User) -> Person:
    user_id = whole(user.id, "from.id")
    username = maybe_text(user.username)
    names = (maybe_text(user.first_name), maybe_text(user.last_name))
    return Person(
        ref=user_ref(user_id),
        name=" ".join(name for name in names if name) or username or str(user_id),
        username=username,
        language=maybe_text(user.language_code),
    )


def _answer(message: Message, raw: Mapping[str, object], me: Me) -> tuple[Ref | None, bool]:
    """The message this one answers, and whether we wrote that."""
    earlier = answered(raw)
    if earlier is None:
        return None, False
    number = maybe_whole(earlier.get("message_id"))
    sender = earlier.get("from")
    to_me = isinstance(sender, dict) and sender.get("id") == me.id
    return (message_ref(me.id, message.chat.id, number) if number else None), to_me


# https://core.telegram.org/bots/api#messageentity
def _called(message: Message, me: Me) -> bool:
    """Whether the message names the bot, or is a command for it."""
    written = message.text if message.text is not None else message.caption
    if not isinstance(written, str):
        return False
    name = me.username.casefold() if me.username else None
    for entity, piece in marked(written, (*message.entities, *message.caption_entities)):
        match str(entity.type):
            case MessageEntity.MENTION:
                if name and piece.removeprefix("@").casefold() == name:
                    return True
            case MessageEntity.TEXT_MENTION:
                if entity.user is not None and entity.user.id == me.id:
                    return True
            case MessageEntity.BOT_COMMAND:
                _, addressed, to = piece.partition("@")
                if not addressed or (name and to.casefold() == name):
                    return True
    return False


# https://core.telegram.org/bots/api#callbackquery
def _tapped(raw: Mapping[str, object], me: Me, *, received_at: datetime) -> ClientTapped | None:
    if "inline_message_id" in raw or "game_short_name" in raw:
        return None
    shown = mapping(raw.get("message"), "callback_query.message")
    chat_id = whole(mapping(shown.get("chat"), "chat").get("id"), "chat.id")
    sender = User.de_json(mapping(raw.get("from"), "from"))
    query_id = text(raw.get("id"), "callback_query.id")
    if not query_id or len(query_id) > 128:
        raise Unreadable("callback_query.id is not one")
    tap = tap_ref(me.id, query_id)
    number = maybe_whole(shown.get("message_id"))
    return ClientTapped(
        key=tap.key,
        at=received_at,
        chat=chat_ref(chat_id),
        tap=tap,
        author=_person(sender),
        data=text(raw.get("data"), "callback_query.data"),
        message=message_ref(me.id, chat_id, number) if number else None,
    )


# https://core.telegram.org/bots/api#chatmemberupdated
def _membership(update: Mapping[str, object], me: Me) -> ClientBlocked | ClientReturned | None:
    """Shut out (blocked, kicked, left) or let in again; None when that did not change."""
    raw = mapping(update["my_chat_member"], "my_chat_member")
    chat = mapping(raw.get("chat"), "chat")
    chat_id = whole(chat.get("id"), "chat.id")
    date = whole(raw.get("date"), "date")
    before, after = (_inside(raw.get(side), side) for side in ("old_chat_member", "new_chat_member"))
    if before == after or chat.get("type") == Chat.CHANNEL:
        return None
    # The update's own number tells apart two changes within one second; it is the same when the update comes again.
    number = maybe_whole(update.get("update_id"))
    key = Key(f"{PORT}:{me.id}/{chat_id}/{'returned' if after else 'blocked'}/{date}/{number}")
    made = ClientReturned if after else ClientBlocked
    return made(key=key, at=moment(date, "date"), chat=chat_ref(chat_id))


# https://core.telegram.org/bots/api#chatmember
def _inside(value: object, side: str) -> bool:
    member = mapping(value, side)
    status = text(member.get("status"), f"{side}.status")
    if status == "restricted":
        return member.get("is_member") is True
    return status not in ("kicked", "left")
