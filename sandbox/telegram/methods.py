"""The methods the stand-in plays, by the names of https://core.telegram.org/bots/api#available-methods ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.telegram import asking, commands, editing, sending
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.world import World

Method = Callable[[World, Parameters], Awaitable[Any]]


def methods(webhook: Webhook) -> dict[str, Method]:
    """Canonical name to function; the webhook's three need the one they speak of."""

    async def set_webhook(world: World, parameters: Parameters) -> Any:
        """https://core.telegram.org/bots/api#setwebhook"""
        world.updates.allow(parameters.structure("allowed_updates"))
        webhook.set(parameters)
        return True

    async def delete_webhook(world: World, parameters: Parameters) -> Any:
        """https://core.telegram.org/bots/api#deletewebhook"""
        webhook.remove(drop=parameters.flag("drop_pending_updates"))
        return True

    async def get_webhook_info(world: World, parameters: Parameters) -> Any:
        """https://core.telegram.org/bots/api#getwebhookinfo"""
        return webhook.info()

    return {
        "setWebhook": set_webhook,
        "deleteWebhook": delete_webhook,
        "getWebhookInfo": get_webhook_info,
        "getMe": asking.get_me,
        "getUpdates": asking.get_updates,
        "getFile": asking.get_file,
        "getChat": asking.get_chat,
        "getChatMember": asking.get_chat_member,
        "getChatMemberCount": asking.get_chat_member_count,
        "getUserProfilePhotos": asking.get_user_profile_photos,
        "setMyCommands": commands.set_my_commands,
        "getMyCommands": commands.get_my_commands,
        "deleteMyCommands": commands.delete_my_commands,
        "setMyDescription": asking.set_my_description,
        "getMyDescription": asking.get_my_description,
        "setMyShortDescription": asking.set_my_short_description,
        "getMyShortDescription": asking.get_my_short_description,
        "setChatMenuButton": asking.set_chat_menu_button,
        "getChatMenuButton": asking.get_chat_menu_button,
        "sendMessage": sending.send_message,
        "sendPhoto": sending.send_photo,
        "sendVoice": sending.send_voice,
        "sendAudio": sending.send_audio,
        "sendVideo": sending.send_video,
        "sendAnimation": sending.send_animation,
        "sendVideoNote": sending.send_video_note,
        "sendSticker": sending.send_sticker,
        "sendDocument": sending.send_document,
        "sendMediaGroup": sending.send_media_group,
        "sendLocation": sending.send_location,
        "sendVenue": sending.send_venue,
        "sendContact": sending.send_contact,
        "sendDice": sending.send_dice,
        "sendChatAction": sending.send_chat_action,
        "forwardMessage": sending.forward_message,
        "copyMessage": sending.copy_message,
        "editMessageText": editing.edit_message_text,
        "editMessageCaption": editing.edit_message_caption,
        "editMessageMedia": editing.edit_message_media,
        "editMessageReplyMarkup": editing.edit_message_reply_markup,
        "deleteMessage": editing.delete_message,
        "deleteMessages": editing.delete_messages,
        "setMessageReaction": editing.set_message_reaction,
        "answerCallbackQuery": editing.answer_callback_query,
        "pinChatMessage": editing.pin_chat_message,
        "unpinChatMessage": editing.unpin_chat_message,
    }
