"""Messages and files on their way to a chat, in as many calls as they need."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from telegram import (
    InlineKeyboardMarkup,
    InputFile,
    Message,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from adapters.telegram.answers import dislikes_entities, dislikes_form
from adapters.telegram.api import BotApi
from adapters.telegram.entities import outgoing_entities, units
from adapters.telegram.names import cleaned
from adapters.telegram.outgoing import (
    CAPTION_LIMIT,
    UPLOAD_LIMIT,
    Form,
    Item,
    form_in_telegram,
    form_on_disk,
    keyboard,
    next_group,
    preview,
    takes_caption,
)
from adapters.telegram.refs import PORT, file_id_of, message_of, message_ref
from adapters.telegram.shape import clean, maybe_whole
from adapters.telegram.uploads import content_of, looked_at, medium
from adapters.telegram.wire import MEDIA_TIMEOUT
from connector.domain.effects import ChatEffect, SendFiles, SendMessage, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.words import File, Text
from connector.ports import Order, Rejected, Spool

T = TypeVar("T")

_REMEMBERED: Final = 1000
"""Orders whose half-done sending is remembered at most."""


@dataclass(slots=True, kw_only=True)
class _Progress:
    """How far the sending of one order has come."""

    made: list[Ref] = field(default_factory=list)
    captioned: bool = False
    sent: int = 0
    as_documents: bool = False


_Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


async def formatted(text: Text, request: Callable[[tuple[MessageEntity, ...]], Awaitable[T]]) -> T:
    """The request with the text's entities; without them when Telegram cannot make sense of them."""
    entities = outgoing_entities(text)
    if not entities:
        return await request(())
    try:
        return await request(entities)
    except Rejected as rejected:
        if not dislikes_entities(rejected):
            raise
    return await request(())


class Sender:
    """Sends messages and files.

    Telegram knows no idempotency: an order whose outcome is unknown is sent again. An order of several calls of which
    some succeeded goes on behind those when it is tried again within this process; with `attempt` above 1 and nothing
    remembered, as after a restart, all of it is sent again: twice is better than never.
    """

    def __init__(self, *, api: BotApi, spool: Spool) -> None:
        self._api = api
        self._spool = spool
        self._begun: OrderedDict[Key, _Progress] = OrderedDict()

    async def message(self, order: Order[ChatEffect], effect: SendMessage, chat_id: int) -> tuple[Ref, ...]:
        """Sends one message. Raises Unavailable, Rejected, WrongToken."""
        reply = self._reply(order, effect.reply_to, chat_id)
        markup = keyboard(effect.buttons, effect.menu, private=chat_id > 0, answers=reply is not None)
        return await self._say(order.urgency, chat_id, effect.text, reply, markup)

    async def files(self, order: Order[ChatEffect], effect: SendFiles, chat_id: int) -> tuple[Ref, ...]:
        """Sends all files, in order; neighbours that may share an album go as one.

        The words stand under the first file; as a message of their own before it, when they are too long or the file
        takes none. Nothing is sent before every file is at hand. Raises Unavailable, Rejected, WrongToken.
        """
        progress = self._begun.get(order.key) or _Progress()
        try:
            async with AsyncExitStack() as stack:
                items = await self._items(stack, effect.files)
                await self._all(order, effect, chat_id, items, progress)
        except Rejected:
            self._begun.pop(order.key, None)
            raise
        self._begun.pop(order.key, None)
        return tuple(progress.made)

    async def _all(
        self,
        order: Order[ChatEffect],
        effect: SendFiles,
        chat_id: int,
        items: Sequence[Item],
        progress: _Progress,
    ) -> None:
        while progress.sent < len(items):
            rest = items[progress.sent :]
            group = next_group([_as_document(item) for item in rest] if progress.as_documents else rest)
            caption = Text() if progress.captioned else effect.caption
            reply = None if progress.captioned or progress.sent else self._reply(order, effect.reply_to, chat_id)
            if caption and not (takes_caption(group[0]) and units(caption.plain) <= CAPTION_LIMIT):
                progress.made += await self._say(order.urgency, chat_id, caption, reply, None)
            else:
                try:
                    progress.made += await self._group(order.urgency, chat_id, group, caption, reply)
                except Rejected as rejected:
                    if progress.as_documents or not dislikes_form(rejected):
                        raise
                    progress.as_documents = True
                    continue
                progress.sent += len(group)
            progress.captioned = True
            self._remember(order.key, progress)

    def _remember(self, key: Key, progress: _Progress) -> None:
        self._begun[key] = progress
        self._begun.move_to_end(key)
        while len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)

    # https://core.telegram.org/bots/api#sending-files
    async def _items(self, stack: AsyncExitStack, files: Sequence[File]) -> list[Item]:
        """Every file ready to be sent; those of other tools on local disk for as long as the stack is open."""
        if not files:
            raise Rejected("there is no file to send")
        for file in files:
            if file.ref.port != PORT and (file.size or 0) > UPLOAD_LIMIT:
                raise Rejected(f"{cleaned(file.name)} is larger than 50 MB", Refusal.TOO_BIG)
        return [await self._item(stack, file) for file in files]

    async def _item(self, stack: AsyncExitStack, file: File) -> Item:
        name = cleaned(file.name) or "file.bin"
        if file.ref.port == PORT:
            try:
                file_id = file_id_of(file.ref, self._api.me.id)
            except ValueError as error:
                raise Rejected(str(error)) from None
            return Item(name=name, form=form_in_telegram(file), file_id=file_id)
        path = await stack.enter_async_context(self._spool.open(file))
        size, head = await looked_at(path)
        if size > UPLOAD_LIMIT:
            raise Rejected(f"{name} is larger than 50 MB", Refusal.TOO_BIG)
        return Item(name=name, form=form_on_disk(file, size=size, head=head), path=path)

    # https://core.telegram.org/bots/api#replyparameters
    def _reply(self, order: Order[ChatEffect], reply_to: Ref | Key | None, chat_id: int) -> ReplyParameters | None:
        """What the message quotes; None when that was never sent, or is in another chat or of another bot."""
        if reply_to is None:
            return None
        ref = reply_to if isinstance(reply_to, Ref) else next(iter(order.made.get(reply_to, ())), None)
        if ref is None:
            return None
        try:
            quoted_chat, number = message_of(ref, self._api.me.id)
        except ValueError:
            return None
        if quoted_chat != chat_id:
            return None
        return ReplyParameters(message_id=number, allow_sending_without_reply=True)

    # https://core.telegram.org/bots/api#sendmessage
    async def _say(
        self,
        urgency: Urgency,
        chat_id: int,
        text: Text,
        reply: ReplyParameters | None,
        markup: _Markup | None,
    ) -> tuple[Ref, ...]:
        plain = clean(text.plain)
        if not plain.strip():
            raise Rejected("a message without text")
        message = await formatted(
            text,
            lambda entities: self._api.in_chat(
                urgency,
                chat_id,
                lambda chat: self._api.bot.send_message(
                    chat,
                    plain,
                    entities=entities or None,
                    link_preview_options=preview(text),
                    reply_parameters=reply,
                    reply_markup=markup,
                ),
            ),
        )
        return self._refs([message], chat_id)

    async def _group(
        self,
        urgency: Urgency,
        chat_id: int,
        group: tuple[Item, ...],
        caption: Text,
        reply: ReplyParameters | None,
    ) -> tuple[Ref, ...]:
        messages = await formatted(
            caption,
            lambda entities: self._api.in_chat(
                urgency,
                chat_id,
                lambda chat: self._post(chat, group, clean(caption.plain) or None, entities, reply),
            ),
        )
        return self._refs(messages, chat_id)

    async def _post(
        self,
        chat_id: int,
        group: tuple[Item, ...],
        caption: str | None,
        entities: tuple[MessageEntity, ...],
        reply: ReplyParameters | None,
    ) -> Sequence[Message]:
        """One call; the files are opened for it alone and read while they are sent."""
        with ExitStack() as handles:
            contents = [await content_of(handles, item, attach=len(group) > 1) for item in group]
            if len(group) == 1:
                return [await self._one(chat_id, group[0], contents[0], caption, entities, reply)]
            media = [
                medium(item, content, caption if place == 0 else None, entities if place == 0 else ())
                for place, (item, content) in enumerate(zip(group, contents, strict=True))
            ]
            # https://core.telegram.org/bots/api#sendmediagroup
            return await self._api.bot.send_media_group(
                chat_id, media, reply_parameters=reply, read_timeout=MEDIA_TIMEOUT
            )

    # https://core.telegram.org/bots/api#sendphoto and the sections after it
    async def _one(
        self,
        chat_id: int,
        item: Item,
        content: str | InputFile,
        caption: str | None,
        entities: tuple[MessageEntity, ...],
        reply: ReplyParameters | None,
    ) -> Message:
        bot = self._api.bot
        bare: dict[Form, Callable[..., Awaitable[Message]]] = {
            Form.STICKER: bot.send_sticker,
            Form.ROUND_VIDEO: bot.send_video_note,
        }
        if send := bare.get(item.form):
            return await send(chat_id, content, reply_parameters=reply, read_timeout=MEDIA_TIMEOUT)
        captioned: dict[Form, Callable[..., Awaitable[Message]]] = {
            Form.PHOTO: bot.send_photo,
            Form.VIDEO: bot.send_video,
            Form.ANIMATION: bot.send_animation,
            Form.AUDIO: bot.send_audio,
            Form.VOICE: bot.send_voice,
            Form.DOCUMENT: bot.send_document,
        }
        return await captioned[item.form](
            chat_id,
            content,
            caption=caption,
            caption_entities=entities or None,
            reply_parameters=reply,
            read_timeout=MEDIA_TIMEOUT,
        )

    def _refs(self, messages: Iterable[Message], chat_id: int) -> tuple[Ref, ...]:
        """A message whose number is not told was sent all the same: it only has no ref."""
        refs = []
        for message in messages:
            number: object = message.message_id
            chat: object = message.chat.id  # not always the one asked for: a group may have become a supergroup
            if maybe_whole(number):
                there = chat if isinstance(chat, int) and chat != 0 else chat_id
                refs.append(message_ref(self._api.me.id, there, message.message_id))
        return tuple(refs)


def _as_document(item: Item) -> Item:
    """What is there already cannot change; what is uploaded can."""
    return item if item.path is None else replace(item, form=Form.DOCUMENT)
