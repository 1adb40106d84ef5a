"""The methods by which a bot says something new."""

from __future__ import annotations

import random
import secrets
from typing import Any

from sandbox.telegram import composing
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.world import Chat, Message, Payload, World

_ALBUM_KINDS = frozenset({"photo", "video", "document", "audio"})
_ALONE = {"document": "documents", "audio": "audios"}
_DICE = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
_ACTIONS_WORDS = (
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note record_audio upload_audio"
)
_ACTIONS = frozenset(_ACTIONS_WORDS.split())


async def send_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendmessage"""
    return world.shown(composing.send(world, parameters, composing.text(parameters)))


async def _send_file(world: World, parameters: Parameters, kind: str) -> Payload:
    world.chat_for_bot(parameters)
    content = await composing.attachment(world, parameters, kind)
    return world.shown(composing.send(world, parameters, content))


async def send_photo(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendphoto"""
    return await _send_file(world, parameters, "photo")


async def send_voice(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendvoice"""
    return await _send_file(world, parameters, "voice")


async def send_audio(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendaudio"""
    return await _send_file(world, parameters, "audio")


async def send_video(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendvideo"""
    return await _send_file(world, parameters, "video")


async def send_animation(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendanimation"""
    return await _send_file(world, parameters, "animation")


async def send_video_note(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendvideonote"""
    return await _send_file(world, parameters, "video_note")


async def send_sticker(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendsticker"""
    return await _send_file(world, parameters, "sticker")


async def send_document(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#senddocument"""
    return await _send_file(world, parameters, "document")


async def send_media_group(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendmediagroup : all or nothing, 2 to 10 parts, one family."""
    world.chat_for_bot(parameters)
    parts = parameters.objects("media")
    if len(parts) < 2:
        raise bad_request("too few messages to send as an album")
    if len(parts) > 10:
        raise bad_request("too many messages to send as an album")
    kinds = [str(part.get("type")) for part in parts]
    for kind in kinds:
        if kind not in _ALBUM_KINDS:
            raise bad_request(f'type of the media "{kind}" can\'t be used in an album')
    for kind, many in _ALONE.items():
        if kind in kinds and len(set(kinds)) > 1:
            raise bad_request(f"{many} can't be mixed with other media types")
    contents = [
        await composing.attachment(world, Parameters(part, parameters.uploads), kind, "media")
        for part, kind in zip(parts, kinds, strict=True)
    ]
    group = str(secrets.randbits(53))
    plain = Parameters({name: value for name, value in parameters.values.items() if name != "reply_markup"})
    sent = [composing.send(world, plain, {**content, "media_group_id": group}) for content in contents]
    return [world.shown(message) for message in sent]


def location(parameters: Parameters) -> Payload:
    """https://core.telegram.org/bots/api#location ; degrees."""
    latitude, longitude = parameters.number("latitude"), parameters.number("longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise bad_request("wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


async def send_location(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendlocation"""
    return world.shown(composing.send(world, parameters, {"location": location(parameters)}))


async def send_venue(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendvenue"""
    place = location(parameters)
    venue = {
        "location": place,
        "title": parameters.text("title") or "",
        "address": parameters.text("address") or "",
    }
    return world.shown(composing.send(world, parameters, {"location": place, "venue": venue}))


def contact(parameters: Parameters) -> Payload:
    phone, first_name = parameters.text("phone_number"), parameters.text("first_name")
    if not phone:
        raise bad_request("PHONE_NUMBER_INVALID")
    if not first_name:
        raise bad_request("first name must be non-empty")
    last_name, user_id = parameters.text("last_name"), parameters.integer("user_id")
    shown: Payload = {"phone_number": phone, "first_name": first_name}
    return shown | ({"last_name": last_name} if last_name else {}) | ({"user_id": user_id} if user_id else {})


async def send_contact(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendcontact"""
    return world.shown(composing.send(world, parameters, {"contact": contact(parameters)}))


def dice(emoji: str | None) -> Payload:
    emoji = emoji or "🎲"
    if emoji not in _DICE:
        raise bad_request("wrong dice emoji specified")
    return {"emoji": emoji, "value": random.randint(1, _DICE[emoji])}


async def send_dice(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#senddice"""
    return world.shown(composing.send(world, parameters, {"dice": dice(parameters.text("emoji"))}))


async def send_chat_action(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#sendchataction : shown for 5 seconds or until the next message."""
    action = parameters.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = world.chat_for_bot(parameters)
    chat.action = {"action": action, "until": world.clock.now().timestamp() + 5}
    world.changes.note("action", chat_id=chat.id, action=action)
    return True


def _source(world: World, parameters: Parameters, message_id: int | None, what: str) -> tuple[Chat, Message]:
    source = world.known_chat(parameters, "from_chat_id")
    message = source.message(message_id)
    if message is None:
        raise bad_request(f"message to {what} not found")
    if message.payload.get("has_protected_content"):
        raise bad_request(f"the message can't be {what}ed" if what == "forward" else "the message can't be copied")
    return source, message


_NOT_CARRIED_WORDS = (
    "message_id from chat date edit_date reply_to_message quote reply_markup media_group_id forward_origin "
    "has_protected_content effect_id"
)
_NOT_CARRIED = frozenset(_NOT_CARRIED_WORDS.split())


def _carried(message: Message) -> Payload:
    return {name: value for name, value in message.quoted().items() if name not in _NOT_CARRIED}


async def forward_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#forwardmessage"""
    _, message = _source(world, parameters, parameters.integer("message_id"), "forward")
    origin = message.payload.get("forward_origin") or {
        "type": "user",
        "date": message.payload["date"],
        "sender_user": message.payload["from"],
    }
    content = {**_carried(message), "forward_origin": origin}
    return world.shown(composing.send(world, parameters, content))


async def copy_message(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#copymessage : the answer is a MessageId."""
    _, message = _source(world, parameters, parameters.integer("message_id"), "copy")
    content = _carried(message)
    if parameters.text("caption") is not None and "text" not in content:
        content = {k: v for k, v in content.items() if not k.startswith("caption")} | composing.caption(parameters)
    return {"message_id": composing.send(world, parameters, content).id}
