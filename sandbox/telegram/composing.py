"""Reads what a bot wants to say into the fields of a Message: text, caption, file, reply, buttons."""

from __future__ import annotations

from typing import Any

from sandbox.telegram import files as limits
from sandbox.telegram import keyboards, markup, media, utf16
from sandbox.telegram.files import Stored
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request, too_large
from sandbox.telegram.world import Chat, Message, Payload, World


def text(parameters: Parameters) -> Payload:
    """https://core.telegram.org/bots/api#sendmessage : 1 to 4096 characters after entities parsing."""
    written = parameters.text("text")
    if not written:
        raise bad_request("message text is empty")
    plain, entities = _formatted(parameters, written, "entities")
    if not plain:
        raise bad_request("text must be non-empty")
    if utf16.units(plain) > utf16.TEXT_LIMIT:
        raise bad_request("message is too long")
    content: Payload = {"text": plain}
    if entities:
        content["entities"] = entities
    if preview := parameters.structure("link_preview_options"):
        content["link_preview_options"] = preview
    return content


def caption(parameters: Parameters) -> Payload:
    """0 to 1024 characters after entities parsing."""
    plain, entities = _formatted(parameters, parameters.text("caption") or "", "caption_entities")
    if utf16.units(plain) > utf16.CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    content: Payload = {}
    if plain:
        content["caption"] = plain
    if entities:
        content["caption_entities"] = entities
    for name in ("show_caption_above_media", "has_spoiler"):
        if parameters.flag(name):
            content["has_media_spoiler" if name == "has_spoiler" else name] = True
    return content


def _formatted(parameters: Parameters, written: str, name: str) -> tuple[str, list[utf16.Entity]]:
    given = parameters.objects(name)
    mode = parameters.text("parse_mode")
    if given and not mode:
        plain, entities = written, utf16.checked(written, given)
    else:
        plain, entities = markup.parsed(written, mode)
    plain, entities = utf16.trimmed(plain, entities)
    return plain, utf16.with_found(plain, entities)


async def file(world: World, parameters: Parameters, kind: str, name: str | None = None) -> Stored:
    """The file in parameter `name`: a part of the request, `attach://part`, or the id of a known file.

    Raises 413 over 50 MB (a photo: 10 MB). Nothing is fetched from the network: an address is refused as one that
    cannot be read. https://core.telegram.org/bots/api#sending-files
    """
    name = name or kind
    given = parameters.text(name)
    part = given.removeprefix("attach://") if given and given.startswith("attach://") else name
    upload = parameters.uploads.get(part)
    if upload is None:
        return _known_file(world, kind, given, part)
    if upload.size > (limits.PHOTO_LIMIT if kind == "photo" else limits.UPLOAD_LIMIT):
        raise too_large()
    if not upload.size:
        raise bad_request("file must be non-empty")
    head = upload.content.read(64)
    upload.content.seek(0)
    if kind == "photo" and not (limits.sniffed(head) or "").startswith("image/"):
        raise bad_request("IMAGE_PROCESS_FAILED")
    stored = await world.files.keep(upload.content, name=upload.name, kind=kind, mime=upload.mime)
    if kind == "photo" and stored.width:
        width, height = stored.width, stored.height
        if width + height > 10000 or max(width, height) > 20 * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return stored


def _known_file(world: World, kind: str, given: str | None, part: str) -> Stored:
    if not given or (part != given and given.startswith("attach://")):
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = world.files.by_id(given)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise bad_request(f"can't use file of type {_type(known.kind)} as {_type(kind)}")
    return known


def _type(kind: str) -> str:
    names = {"voice": "VoiceNote", "video_note": "VideoNote"}
    return names.get(kind, kind.title())


async def attachment(world: World, parameters: Parameters, kind: str, name: str | None = None) -> Payload:
    """The file and its caption."""
    words = caption(parameters) if kind in media.WITH_CAPTION else {}
    stored = await file(world, parameters, kind, name)
    details: dict[str, Any] = {key: parameters.integer(key) for key in ("duration", "width", "height", "length")} | {
        key: parameters.text(key) for key in ("performer", "title", "emoji")
    }
    return {**await media.fields(stored, world.files, details), **words}


def reply(chat: Chat, parameters: Parameters) -> Payload:
    """https://core.telegram.org/bots/api#replyparameters ; replies into other chats are not played."""
    asked = parameters.structure("reply_parameters") or {}
    if not isinstance(asked, dict):
        raise bad_request("can't parse reply parameters JSON object")
    inner = Parameters(asked)
    message_id = inner.integer("message_id") or parameters.integer("reply_to_message_id")
    if message_id is None:
        return {}
    answered = chat.message(message_id)
    elsewhere = inner.integer("chat_id")
    if answered is None or (elsewhere is not None and elsewhere != chat.id):
        if inner.flag("allow_sending_without_reply") or parameters.flag("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    content: Payload = {"reply_to_message": answered.quoted()}
    if quote := inner.text("quote"):
        quote, entities = markup.parsed(quote, inner.text("quote_parse_mode"))
        content["quote"] = quoted(answered, quote, entities or inner.objects("quote_entities"))
    return content


def quoted(answered: Message, quote: str, entities: list[utf16.Entity]) -> Payload:
    """https://core.telegram.org/bots/api#textquote ; raises 400 when the message does not say so."""
    whole = str(answered.payload.get("text") or answered.payload.get("caption") or "")
    place = whole.find(quote)
    if place < 0 or utf16.units(quote) > utf16.CAPTION_LIMIT:
        raise bad_request("QUOTE_TEXT_INVALID")
    content: Payload = {"text": quote, "position": utf16.units(whole[:place]), "is_manual": True}
    if entities:
        content["entities"] = entities
    return content


def send(world: World, parameters: Parameters, content: Payload) -> Message:
    """Checks what depends on the chat, then writes the message. Nothing waits in here."""
    chat = world.chat_for_bot(parameters)
    shown, keyboard = keyboards.reply_markup(parameters.structure("reply_markup"), private=chat.type == "private")
    content = {**reply(chat, parameters), **content}
    if shown is not None:
        content["reply_markup"] = shown
    if parameters.flag("protect_content"):
        content["has_protected_content"] = True
    if effect := parameters.text("message_effect_id"):
        content["effect_id"] = effect
    message = world.post(chat, world.bot, content, by_bot=True)
    if keyboard is not None:
        message.had_reply_keyboard = True
        _show_keyboard(world, chat, message, keyboard)
    return message


def _show_keyboard(world: World, chat: Chat, message: Message, keyboard: Payload) -> None:
    """https://core.telegram.org/bots/api#replykeyboardmarkup : a selective one only to those it is meant for."""
    readers = _meant(chat, message.payload) if chat.user is None and keyboard.get("selective") is True else None
    if readers is not None and not readers:
        return
    chat.reply_keyboard = None if keyboard.get("remove_keyboard") else keyboard
    chat.keyboard_of, chat.keyboard_for = message.id, readers
    world.changes.note("reply_keyboard", chat_id=chat.id)


def _meant(chat: Chat, payload: Payload) -> frozenset[int]:
    """The members mentioned in the text, and the writer of the message this one answers."""
    ids = {payload.get("reply_to_message", {}).get("from", {}).get("id")}
    text = str(payload.get("text", payload.get("caption", "")))
    for entity in payload.get("entities") or payload.get("caption_entities") or ():
        if entity["type"] == "text_mention":
            ids.add(entity["user"].get("id"))
        elif entity["type"] == "mention":
            name = utf16.cut(text, entity["offset"], entity["length"]).removeprefix("@").lower()
            ids |= {user.id for user in chat.members.values() if (user.username or "").lower() == name}
    return frozenset(ids & chat.members.keys())
