"""What people do in a chat: write, send files, edit, tap, press, block the bot."""

from __future__ import annotations

import itertools
import secrets
from typing import Any

from sandbox.telegram import composing, media, sending, utf16
from sandbox.telegram.asking import member
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import Misused, Refused
from sandbox.telegram.world import Chat, Message, Payload, Tap, User, World

_SEEDS = itertools.count(1)


def chat_of(world: World, chat_id: int) -> Chat:
    chat = world.chats.get(chat_id)
    if chat is None:
        raise Misused(404, f"no chat {chat_id}: first POST /sandbox/users (private) or /sandbox/chats (group)")
    return chat


def _writer(world: World, chat: Chat, asked: Parameters) -> User:
    user_id = asked.integer("from_id")
    if chat.user is not None:
        user = chat.user
    elif user_id in chat.members:
        user = chat.members[user_id]
    else:
        raise Misused(400, f"from_id must be one of the members {sorted(chat.members)}")
    if chat.blocked:
        raise Misused(409, "the user has blocked the bot: POST …/unblock first")
    if chat.migrated_to is not None:
        raise Misused(409, f"the group became supergroup {chat.migrated_to}")
    if chat.kicked or user.deactivated:
        raise Misused(409, "the bot is no longer in this chat, or the user is deactivated")
    return user


async def write(world: World, chat_id: int, asked: Parameters) -> tuple[Message, int | None]:
    """One message from a person; opens the chat for the bot. The update's id is None when it is not allowed."""
    chat = chat_of(world, chat_id)
    _writer(world, chat, asked)
    try:
        content = await _content(world, asked, chat)
    except Refused as refused:
        raise Misused(400, refused.description) from None
    writer = _writer(world, chat, asked)  # again: storing a file took its time
    content = _context(world, chat, asked) | content
    extra = asked.structure("extra")
    if isinstance(extra, dict):
        content |= extra
    date = asked.integer("date")
    message = world.post(chat, writer, content, by_bot=False, date=date)
    chat.opened = True
    if chat.reply_keyboard is not None and chat.reply_keyboard.get("one_time_keyboard"):
        buttons = itertools.chain.from_iterable(chat.reply_keyboard.get("keyboard", []))
        if content.get("text") in [button["text"] for button in buttons]:
            chat.reply_keyboard = None
    update_id = world.updates.add("message", world.shown(message), chat_id=chat.id, date=date)
    return message, update_id


async def _content(world: World, asked: Parameters, chat: Chat) -> Payload:
    kind = asked.text("kind") or ("text" if asked.text("text") is not None else "document")
    match kind:
        case "text":
            return _words(asked, asked.text("text") or "", "text", "entities", utf16.TEXT_LIMIT)
        case "location":
            return {"location": sending.location(asked)}
        case "venue":
            place = sending.location(asked)
            told = {name: asked.text(name) or name for name in ("title", "address")}
            return {"location": place, "venue": {"location": place, **told}}
        case "contact":
            owner = chat.user if chat.user is not None else chat.members.get(asked.integer("from_id") or 0)
            own: Payload = {"phone_number": "+79990000000"}
            if owner is not None:
                own = {"phone_number": f"+7999{owner.id % 10**7:07}", "first_name": owner.first_name}
                if "phone_number" not in asked.values:
                    own |= {"user_id": owner.id} | ({"last_name": owner.last_name} if owner.last_name else {})
            return {"contact": sending.contact(Parameters({**own, **asked.values}))}
        case "dice":
            return {"dice": sending.dice(asked.text("emoji"))}
        case _ if kind in media.KINDS:
            return await _file(world, asked, kind)
        case _:
            raise Misused(400, f"unknown kind {kind!r}: text, location, venue, contact, dice, {media.KINDS}")


def _words(asked: Parameters, written: str, name: str, entities_name: str, limit: int) -> Payload:
    if name == "text" and not written.strip():
        raise Misused(400, "a text message needs text")
    if utf16.units(written) > limit:
        raise Misused(400, f"a person can send at most {limit} characters as {name}")
    plain, entities = utf16.trimmed(written, utf16.checked(written, asked.objects("entities")))
    entities = utf16.with_found(plain, entities)
    shown: Payload = {name: plain} if plain else {}
    return shown | ({entities_name: entities} if entities else {})


async def _file(world: World, asked: Parameters, kind: str) -> Payload:
    caption = _words(asked, asked.text("caption") or "", "caption", "caption_entities", utf16.CAPTION_LIMIT)
    upload, size, name = asked.uploads.get("file"), asked.integer("size"), asked.text("file_name")
    if upload is not None:
        mime = asked.text("mime") or upload.mime
        stored = await world.files.keep(upload.content, name=name or upload.name, kind=kind, mime=mime)
    elif size is not None:
        name = name or f"{kind}.bin"
        stored = await world.files.declare(size, name=name, kind=kind, mime=asked.text("mime"))
    else:
        stored = await media.sample(kind, world.files, next(_SEEDS), seconds=asked.integer("duration"))
    details: dict[str, Any] = {key: asked.integer(key) for key in ("duration", "width", "height", "length")} | {
        key: asked.text(key) for key in ("performer", "title", "emoji")
    }
    return {**await media.fields(stored, world.files, details), **caption}


def _context(world: World, chat: Chat, asked: Parameters) -> Payload:
    """What a message is an answer to, an album part of, forwarded from."""
    content: Payload = {}
    reply_to = asked.integer("reply_to")
    if reply_to is not None:
        answered = chat.message(reply_to)
        if answered is None:
            raise Misused(404, f"no message {reply_to} in chat {chat.id} to reply to")
        content["reply_to_message"] = answered.quoted()
        if quote := asked.text("quote"):
            try:
                content["quote"] = composing.quoted(answered, quote, [])
            except Refused:
                raise Misused(400, f"message {reply_to} does not contain {quote!r}") from None
    if group := asked.text("media_group"):
        content["media_group_id"] = group
    if origin := _origin(world, asked):
        content["forward_origin"] = origin
    return content


def _origin(world: World, asked: Parameters) -> Payload | None:
    """From a known user's id, a hidden user's name, or a whole MessageOrigin."""
    date = world.clock.unix() - 60
    written, user = asked.text("forward_from"), world.users.get(asked.integer("forward_from") or 0)
    if user is not None:
        return {"type": "user", "date": date, "sender_user": user.payload()}
    if written is not None and not written.startswith("{"):
        return {"type": "hidden_user", "date": date, "sender_user_name": written}
    origin = asked.structure("forward_from")
    return {"date": date, **origin} if isinstance(origin, dict) else None


async def album(world: World, chat_id: int, asked: Parameters) -> list[tuple[Message, int | None]]:
    """Parts of one album, `gap_seconds` (or `gaps`) apart. https://core.telegram.org/bots/api#message"""
    parts = asked.objects("parts")
    if not 2 <= len(parts) <= 10:
        raise Misused(400, "an album has 2 to 10 parts")
    gaps = asked.structure("gaps") or [asked.number("gap_seconds") or 0.0] * (len(parts) - 1)
    group = asked.text("media_group") or str(secrets.randbits(53))
    shared = {name: asked.values[name] for name in ("from_id", "reply_to", "forward_from") if name in asked.values}
    sent = []
    for number, part in enumerate(parts):
        if number and number <= len(gaps) and gaps[number - 1] > 0:
            await world.clock.sleep(float(gaps[number - 1]))
        one = Parameters({"kind": "photo", **shared, **part, "media_group": group}, complain=asked.complain)
        sent.append(await write(world, chat_id, one))
    return sent


def edit(world: World, chat_id: int, message_id: int, asked: Parameters) -> tuple[Message, int | None]:
    """A person changes their message; without `text` and `caption` it is one of the invisible changes."""
    chat = chat_of(world, chat_id)
    message = chat.message(message_id)
    if message is None or message.by_bot:
        raise Misused(404, f"no message {message_id} of a person in chat {chat_id}")
    if chat.blocked:
        raise Misused(409, "the user has blocked the bot: POST …/unblock first")
    for name, entities, limit in (
        ("text", "entities", utf16.TEXT_LIMIT),
        ("caption", "caption_entities", utf16.CAPTION_LIMIT),
    ):
        written = asked.text(name)
        if written is None:
            continue
        if name == "text" and "text" not in message.payload:
            raise Misused(400, "this message has no text; edit its caption")
        kept = {k: v for k, v in message.payload.items() if k not in (name, entities)}
        message.payload = kept | _words(asked, written, name, entities, limit)
    message.payload["edit_date"] = world.clock.unix()
    world.changes.note("edit", chat_id=chat.id, message_id=message.id, by_bot=False)
    return message, world.updates.add("edited_message", world.shown(message), chat_id=chat.id)


def delete(world: World, chat_id: int, message_id: int) -> None:
    """A person deletes a message; bots are not told."""
    message = chat_of(world, chat_id).message(message_id)
    if message is None:
        raise Misused(404, f"no message {message_id} in chat {chat_id}")
    message.deleted = True
    world.changes.note("delete", chat_id=chat_id, message_id=message_id, by_bot=False)


def tap(world: World, chat_id: int, asked: Parameters) -> Payload:
    """Presses the newest inline button with this label or data that is really there."""
    chat = chat_of(world, chat_id)
    user = _writer(world, chat, asked)
    label, data, wanted = asked.text("label"), asked.text("data"), asked.integer("message_id")
    seen: list[str] = []
    for message in reversed(chat.messages.values()):
        if message.deleted or (wanted is not None and message.id != wanted):
            continue
        for row in message.payload.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                seen.append(f"{message.id}: {button['text']}")
                if label in (None, button["text"]) and data in (None, button.get("callback_data")):
                    return _tapped(world, chat, user, message, button, asked)
    raise Misused(404, f"no inline button with label {label!r}, data {data!r}; there are {seen}")


def _tapped(world: World, chat: Chat, user: User, message: Message, button: Payload, asked: Parameters) -> Payload:
    if "callback_data" not in button:
        return {"message_id": message.id, "button": button}
    query_id = str(secrets.randbits(63))
    shown = world.shown(message)
    if asked.flag("inaccessible"):  # https://core.telegram.org/bots/api#inaccessiblemessage
        shown = {"chat": chat.payload(), "message_id": message.id, "date": 0}
    query = {
        "id": query_id,
        "from": user.payload(),
        "message": shown,
        "chat_instance": chat.instance,
        "data": button["callback_data"],
    }
    update_id = world.updates.add("callback_query", query, chat_id=chat.id)
    chat.taps.append(
        Tap(
            id=query_id,
            user_id=user.id,
            message_id=message.id,
            label=button["text"],
            data=button["callback_data"],
            at=world.clock.now(),
            update_id=update_id,
        )
    )
    world.changes.note("tap", chat_id=chat.id, message_id=message.id, tap_id=query_id)
    return {"message_id": message.id, "callback_query_id": query_id, "update_id": update_id}


async def press(world: World, chat_id: int, asked: Parameters) -> tuple[Message, int | None]:
    """Presses a button of the reply keyboard that is showing; in a group that answers the keyboard's message."""
    chat = chat_of(world, chat_id)
    label, writer = asked.text("label"), _writer(world, chat, asked)
    shows = chat.keyboard_for is None or writer.id in chat.keyboard_for
    rows = (chat.reply_keyboard or {}).get("keyboard", []) if shows else []
    buttons: dict[str, Payload] = {button["text"]: button for row in rows for button in row}
    if label not in buttons:
        raise Misused(404, f"no button {label!r} on the reply keyboard; it shows {list(buttons)}")
    sent: Payload = {"kind": "text", "text": label}
    if buttons[label].get("request_contact"):
        sent = {"kind": "contact"}
    elif buttons[label].get("request_location"):
        sent = {"kind": "location", "latitude": 55.75, "longitude": 37.62}
    if chat.user is None and chat.message(chat.keyboard_of) is not None:
        sent |= {"reply_to": chat.keyboard_of}
    rest = {name: value for name, value in asked.values.items() if name != "label"}
    return await write(world, chat_id, Parameters(sent | rest, complain=asked.complain))


def change_membership(world: World, chat: Chat, by: User, old: str, new: str) -> int | None:
    """https://core.telegram.org/bots/api#chatmemberupdated about the bot itself; gives the update's id."""
    world.changes.note("membership", chat_id=chat.id, status=new)
    update = {
        "chat": chat.payload(),
        "from": by.payload(),
        "date": world.clock.unix(),
        "old_chat_member": member(world.bot, old),
        "new_chat_member": member(world.bot, new),
    }
    return world.updates.add("my_chat_member", update, chat_id=chat.id)


def block(world: World, chat_id: int, *, blocked: bool) -> int | None:
    chat = chat_of(world, chat_id)
    if chat.user is None or not chat.opened:
        raise Misused(409, "only a private chat in which the user has written can be blocked")
    if chat.blocked == blocked:
        raise Misused(409, f"the chat is already {'blocked' if blocked else 'not blocked'}")
    chat.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    return change_membership(world, chat, chat.user, old, new)


def react(world: World, chat_id: int, message_id: int, asked: Parameters) -> int | None:
    """A person's reaction; told only to bots that ask for it. https://core.telegram.org/bots/api#messagereactionupdated"""
    chat = chat_of(world, chat_id)
    user, message, emoji = _writer(world, chat, asked), chat.message(message_id), asked.text("emoji")
    if message is None:
        raise Misused(404, f"no message {message_id} in chat {chat_id}")
    old, message.user_reactions = message.user_reactions, [emoji] if emoji else []
    world.changes.note("reaction", chat_id=chat.id, message_id=message.id, by_bot=False)
    update = {
        "chat": chat.payload(),
        "message_id": message.id,
        "user": user.payload(),
        "date": world.clock.unix(),
        "old_reaction": [{"type": "emoji", "emoji": one} for one in old],
        "new_reaction": [{"type": "emoji", "emoji": one} for one in message.user_reactions],
    }
    return world.updates.add("message_reaction", update, chat_id=chat.id)
