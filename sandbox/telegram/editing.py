"""The methods by which a bot changes what already stands in a chat."""

from __future__ import annotations

from typing import Any

from sandbox.telegram import composing, keyboards
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.world import Chat, Message, Payload, World

_REACTIONS_WORDS = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 "
    "❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 "
    "😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ "
    "😡"
)
REACTIONS = frozenset(_REACTIONS_WORDS.split())
_DELETABLE_SECONDS = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_CAPTION = ("caption", "caption_entities", "show_caption_above_media")
_TEXT = ("text", "entities", "link_preview_options")
_MEDIA = ("photo", "video", "animation", "audio", "voice", "document", "has_media_spoiler", *_CAPTION)


def _target(world: World, parameters: Parameters) -> tuple[Chat, Message]:
    """Raises 400 for a message that is not there, not the bot's, or was sent with a reply keyboard."""
    chat = world.chat_for_bot(parameters)
    message_id = parameters.integer("message_id")
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = chat.message(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if not message.by_bot or message.had_reply_keyboard or "forward_origin" in message.payload:
        raise bad_request("message can't be edited")
    return chat, message


def _change(
    world: World, parameters: Parameters, chat: Chat, message: Message, dropped: tuple[str, ...], new: Payload
) -> Payload:
    """Puts `new` in place of the `dropped` fields; the inline keyboard stays only if it is sent again."""
    shown = keyboards.inline(parameters.structure("reply_markup"))
    changed = {k: v for k, v in message.payload.items() if k not in (*dropped, "reply_markup")} | new
    if shown is not None:
        changed["reply_markup"] = shown
    if _essence(changed) == _essence(message.payload):
        raise bad_request(_NOT_MODIFIED)
    if dropped:
        changed["edit_date"] = world.clock.unix()
    message.payload = changed
    world.changes.note("edit", chat_id=chat.id, message_id=message.id, by_bot=True)
    return world.shown(message)


def _essence(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name != "edit_date"}


async def edit_message_text(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#editmessagetext"""
    content = composing.text(parameters)
    chat, message = _target(world, parameters)
    if "text" not in message.payload:
        raise bad_request("there is no text in the message to edit")
    return _change(world, parameters, chat, message, _TEXT, content)


async def edit_message_caption(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#editmessagecaption"""
    content = composing.caption(parameters)
    chat, message = _target(world, parameters)
    if not any(name in message.payload for name in _MEDIA):
        raise bad_request("there is no caption in the message to edit")
    return _change(world, parameters, chat, message, _CAPTION, content)


async def edit_message_media(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#editmessagemedia"""
    part = parameters.structure("media")
    kind = str(part.get("type")) if isinstance(part, dict) else ""
    if kind not in ("photo", "video", "animation", "audio", "document"):
        raise bad_request("can't parse InputMedia: type is not supported")
    _target(world, parameters)
    content = await composing.attachment(world, Parameters(part, parameters.uploads), kind, "media")
    chat, message = _target(world, parameters)
    if "text" in message.payload:
        raise bad_request("there is no media in the message to edit")
    return _change(world, parameters, chat, message, _MEDIA, content)


async def edit_message_reply_markup(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#editmessagereplymarkup"""
    chat, message = _target(world, parameters)
    return _change(world, parameters, chat, message, (), {})


def _delete(world: World, chat: Chat, message: Message) -> None:
    if world.clock.unix() - int(message.payload["date"]) >= _DELETABLE_SECONDS:
        raise bad_request("message can't be deleted")
    if not message.by_bot and chat.type != "private" and not chat.bot_is_admin:
        raise bad_request("message can't be deleted")
    message.deleted = True
    world.changes.note("delete", chat_id=chat.id, message_id=message.id, by_bot=True)


async def delete_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#deletemessage : younger than 48 hours; in private chats anyone's."""
    chat = world.chat_for_bot(parameters)
    message = chat.message(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    _delete(world, chat, message)
    return True


async def delete_messages(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#deletemessages : those not found are skipped."""
    chat = world.chat_for_bot(parameters)
    ids = parameters.structure("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
        raise bad_request("message identifiers are not specified")
    for message_id in ids:
        message = chat.message(message_id if isinstance(message_id, int) else None)
        if message is not None:
            _delete(world, chat, message)
    return True


async def set_message_reaction(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#setmessagereaction : one emoji of a fixed list, or none.

    The spelling counts: an emoji with a variation selector is none of the list. An album carries its reaction on its
    first message.
    """
    chat = world.chat_for_bot(parameters)
    message = chat.message(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    wanted = parameters.objects("reaction")
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in wanted:
        if reaction.get("type") != "emoji" or reaction.get("emoji") not in REACTIONS:
            raise bad_request("REACTION_INVALID")
    if group := message.payload.get("media_group_id"):
        album = (one for one in chat.messages.values() if one.payload.get("media_group_id") == group)
        message = next((one for one in album if not one.deleted), message)
    message.bot_reactions = [str(reaction["emoji"]) for reaction in wanted]
    world.changes.note("reaction", chat_id=chat.id, message_id=message.id, by_bot=True)
    return True


async def answer_callback_query(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#answercallbackquery : in time, text of 0 to 200 characters."""
    wanted = parameters.text("callback_query_id")
    found = next(((c, tap) for c in world.chats.values() for tap in c.taps if tap.id == wanted), None)
    age = None if found is None else (world.clock.now() - found[1].at).total_seconds()
    if found is None or age is None or age > world.callback_answer_seconds or found[1].expired:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    chat, tap = found
    said = parameters.text("text")
    if said is not None and len(said) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    tap.answer = {"text": said, "show_alert": parameters.flag("show_alert"), "url": parameters.text("url")}
    world.changes.note("tap_answered", chat_id=chat.id, message_id=tap.message_id, tap_id=tap.id, **tap.answer)
    return True


async def pin_chat_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#pinchatmessage"""
    chat = world.chat_for_bot(parameters)
    if chat.message(parameters.integer("message_id")) is None:
        raise bad_request("message to pin not found")
    return True


async def unpin_chat_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#unpinchatmessage"""
    world.chat_for_bot(parameters)
    return True
