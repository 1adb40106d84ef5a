"""Chats as a page shows them, both sides in the order of writing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.files import Stored
from sandbox.telegram.media import KINDS
from sandbox.telegram.world import Chat, Message, Payload, World

_OTHER_KINDS = ("venue", "location", "contact", "dice", "poll")
_ORDER = ("animation", *(kind for kind in KINDS if kind not in ("animation", "document")), "document")


def overview(chat: Chat) -> Payload:
    """One line of `GET /sandbox/chats`."""
    standing = [message for message in chat.messages.values() if not message.deleted]
    last = standing[-1] if standing else None
    return {
        "chat": chat.payload(),
        "opened": chat.opened,
        "blocked": chat.blocked,
        "kicked": chat.kicked,
        "migrated_to": chat.migrated_to,
        "messages": len(standing),
        "last": None if last is None else {"message_id": last.id, "kind": kind_of(last), "text": words(last)},
    }


def whole(world: World, chat: Chat) -> Payload:
    """`GET /sandbox/chats/{chat_id}`; dates are ISO 8601, UTC."""
    action = chat.action
    if action is not None and action["until"] <= world.clock.now().timestamp():
        action = None
    return {
        **overview(chat),
        "members": [user.payload() for user in chat.members.values()],
        "messages": [shown(world, message) for message in chat.messages.values()],
        "reply_keyboard": chat.reply_keyboard,
        "action": None if action is None else action["action"],
        "taps": [
            {
                "callback_query_id": tap.id, "user_id": tap.user_id, "message_id": tap.message_id,
                "label": tap.label, "data": tap.data, "at": tap.at.isoformat(), "update_id": tap.update_id,
                "answer": tap.answer,
            }
            for tap in chat.taps
        ],
    }  # fmt: skip


def kind_of(message: Message) -> str:
    return next((kind for kind in (*_ORDER, *_OTHER_KINDS, "text") if kind in message.payload), "service")


def words(message: Message) -> str | None:
    text = message.payload.get("text", message.payload.get("caption"))
    return None if text is None else str(text)


def shown(world: World, message: Message) -> Payload:
    payload, kind = message.payload, kind_of(message)
    sender = payload.get("from")
    sender = sender if isinstance(sender, dict) else {}
    return {
        "message_id": message.id,
        "from": "bot" if message.by_bot else "user",
        "sender": {"id": sender.get("id"), "name": sender.get("first_name")},
        "date": _iso(payload["date"]),
        "edit_date": _iso(payload.get("edit_date")),
        "edited": "edit_date" in payload,
        "deleted": message.deleted,
        "kind": kind,
        "text": words(message),
        "entities": payload.get("entities", payload.get("caption_entities", [])),
        "file": _file(world, payload, kind),
        "content": payload[kind] if kind in _OTHER_KINDS else None,
        "buttons": [
            [_button(button) for button in row] for row in payload.get("reply_markup", {}).get("inline_keyboard", [])
        ],
        "reply_to": payload.get("reply_to_message", {}).get("message_id"),
        "quote": payload.get("quote", {}).get("text"),
        "forward_origin": payload.get("forward_origin"),
        "media_group": payload.get("media_group_id"),
        "reactions": {"bot": message.bot_reactions, "user": message.user_reactions},
        "raw": payload,
    }


def _iso(unix: int | None) -> str | None:
    return None if unix is None else datetime.fromtimestamp(unix, UTC).isoformat()


def _button(button: Payload) -> dict[str, Any]:
    action = next((name for name in button if name not in ("text", "style", "icon_custom_emoji_id")), None)
    return {"text": button["text"], "action": action, "value": button.get(action or "")}


def _file(world: World, payload: Payload, kind: str) -> Payload | None:
    if kind not in KINDS:
        return None
    part = payload[kind]
    if isinstance(part, list) and part:
        part = part[-1]
    if not isinstance(part, dict):
        return None
    stored = world.files.by_id(str(part.get("file_id")))
    return None if stored is None else described(stored, part)


def described(stored: Stored, part: Payload) -> Payload:
    return {
        "url": f"/sandbox/files/{stored.file_id}",
        "name": stored.name,
        "mime": stored.mime,
        "size": stored.size,
        "width": part.get("width"),
        "height": part.get("height"),
        "duration": part.get("duration"),
    }
