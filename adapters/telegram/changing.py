"""What is done to messages that are there already; all of it repeats harmlessly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import Message, MessageEntity, ReactionTypeEmoji

from adapters.telegram.answers import has_no_text, is_deleted_already, is_expired_tap, is_unchanged
from adapters.telegram.api import BotApi
from adapters.telegram.outgoing import NOTICE_LIMIT, buttons_under, preview, reaction
from adapters.telegram.refs import message_of, query_id_of
from adapters.telegram.sending import formatted
from adapters.telegram.shape import clean
from connector.domain.effects import AnswerTap, ChatEffect, DeleteMessage, EditMessage, React
from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.domain.words import Text
from connector.ports import Order, Rejected

_Entities = tuple[MessageEntity, ...]


def _message(ref: Ref, api: BotApi) -> tuple[int, int]:
    """Chat and number of a message. Raises Rejected when this bot cannot know it."""
    try:
        return message_of(ref, api.me.id)
    except ValueError as error:
        raise Rejected(str(error), Refusal.GONE) from None


# https://core.telegram.org/bots/api#editmessagetext
# https://core.telegram.org/bots/api#editmessagecaption
async def edit(api: BotApi, order: Order[ChatEffect], effect: EditMessage) -> None:
    """New words for the first message the target made, or for its caption when it is a file."""
    made = order.made.get(effect.target, ())
    if not made:
        return
    chat_id, number = _message(made[0], api)
    plain = clean(effect.text.plain)
    if not plain.strip():
        raise Rejected("a message without text")
    markup = buttons_under(effect.buttons)

    def as_text(chat: int, entities: _Entities) -> Awaitable[Message | bool]:
        return api.bot.edit_message_text(
            plain,
            chat,
            number,
            entities=entities or None,
            link_preview_options=preview(effect.text),
            reply_markup=markup,
        )

    def as_caption(chat: int, entities: _Entities) -> Awaitable[Message | bool]:
        return api.bot.edit_message_caption(
            chat, number, caption=plain, caption_entities=entities or None, reply_markup=markup
        )

    try:
        await _reword(api, order, chat_id, effect.text, as_text)
    except Rejected as rejected:
        if not has_no_text(rejected):
            raise
        await _reword(api, order, chat_id, effect.text, as_caption)


async def _reword(
    api: BotApi,
    order: Order[ChatEffect],
    chat_id: int,
    text: Text,
    request: Callable[[int, _Entities], Awaitable[Message | bool]],
) -> None:
    """The edit; nothing to change counts as done."""
    try:
        await formatted(
            text,
            lambda entities: api.in_chat(order.urgency, chat_id, lambda chat: request(chat, entities)),
        )
    except Rejected as rejected:
        if not is_unchanged(rejected):
            raise


# https://core.telegram.org/bots/api#deletemessage
async def delete(api: BotApi, order: Order[ChatEffect], effect: DeleteMessage) -> None:
    """Takes back every message the target made; one that is gone already is no matter. Tries all before it raises."""
    refused: Rejected | None = None
    for ref in order.made.get(effect.target, ()):
        try:
            await _take_back(api, order, ref)
        except Rejected as rejected:
            if not is_deleted_already(rejected):
                refused = refused or rejected
    if refused is not None:
        raise refused


async def _take_back(api: BotApi, order: Order[ChatEffect], ref: Ref) -> None:
    chat_id, number = _message(ref, api)
    await api.in_chat(order.urgency, chat_id, lambda chat: api.bot.delete_message(chat, number))


# https://core.telegram.org/bots/api#setmessagereaction
async def react(api: BotApi, order: Order[ChatEffect], effect: React) -> None:
    """Puts our one mark on a message, or takes it away."""
    chat_id, number = _message(effect.message, api)
    mark = None if effect.emoji is None else reaction(effect.emoji)
    if effect.emoji is not None and mark is None:
        raise Rejected(f"{clean(effect.emoji)} is not among Telegram's reactions")
    marks = [] if mark is None else [ReactionTypeEmoji(mark)]
    await api.call(order.urgency, lambda: api.bot.set_message_reaction(chat_id, number, marks))


# https://core.telegram.org/bots/api#answercallbackquery
async def answer_tap(api: BotApi, order: Order[ChatEffect], effect: AnswerTap) -> None:
    """Ends the waiting sign; on a tap that has waited too long it has ended by itself."""
    try:
        query_id = query_id_of(effect.tap, api.me.id)
    except ValueError as error:
        raise Rejected(str(error), Refusal.GONE) from None
    notice = clean(effect.notice)[:NOTICE_LIMIT] or None
    try:
        await api.call(order.urgency, lambda: api.bot.answer_callback_query(query_id, notice))
    except Rejected as rejected:
        if not is_expired_tap(rejected):
            raise
