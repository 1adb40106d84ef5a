"""The methods by which a bot asks about itself, chats and files, or keeps settings with Telegram."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.files import DOWNLOAD_LIMIT
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.world import Payload, User, World


async def get_me(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getme"""
    return world.bot.payload() | {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


async def get_updates(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getupdates"""
    world.updates.allow(parameters.structure("allowed_updates"))
    return await world.updates.poll(
        offset=parameters.integer("offset") or 0,
        limit=parameters.integer("limit") or 100,
        timeout=parameters.integer("timeout") or 0,
    )


async def get_file(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getfile : up to 20 MB."""
    stored = world.files.by_id(parameters.text("file_id") or "")
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if stored.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": stored.size,
        "file_path": stored.place,
    }


async def get_chat(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getchat"""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return world.known_chat(parameters).payload() | {
        "accent_color_id": 1,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


def member(user: User, status: str) -> Payload:
    """https://core.telegram.org/bots/api#chatmember : `member`, `left`, `kicked` or `administrator`."""
    shown: Payload = {"status": status, "user": user.payload()}
    if status == "kicked":
        shown["until_date"] = 0
    if status == "administrator":
        can = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members can_change_info can_invite_users can_post_stories "
            "can_edit_stories can_delete_stories"
        )
        shown |= {name: name in ("can_manage_chat", "can_delete_messages") for name in can.split()}
    return shown


async def get_chat_member(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getchatmember"""
    chat = world.chat_for_bot(parameters)
    user_id = parameters.integer("user_id")
    if user_id == world.bot.id:
        return member(world.bot, "administrator" if chat.bot_is_admin else "member")
    user = chat.user if chat.user is not None and chat.user.id == user_id else chat.members.get(user_id or 0)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member(user, "member")


async def get_chat_member_count(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getchatmembercount"""
    chat = world.chat_for_bot(parameters)
    return 2 if chat.user is not None else len(chat.members) + 1


async def get_user_profile_photos(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getuserprofilephotos : nobody here shows one."""
    return {"total_count": 0, "photos": []}


async def set_my_description(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#setmydescription : 0 to 512 characters."""
    return _keep_text(world, parameters, "description", 512)


async def get_my_description(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getmydescription"""
    return _kept_text(world, parameters, "description")


async def set_my_short_description(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#setmyshortdescription : 0 to 120 characters."""
    return _keep_text(world, parameters, "short_description", 120)


async def get_my_short_description(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getmyshortdescription"""
    return _kept_text(world, parameters, "short_description")


def _keep_text(world: World, parameters: Parameters, name: str, limit: int) -> bool:
    written = parameters.text(name) or ""
    if len(written) > limit:
        raise bad_request(f"BOT_{name.upper()}_TOO_LONG")
    world.settings[f"{name} {parameters.text('language_code') or ''}"] = written
    return True


def _kept_text(world: World, parameters: Parameters, name: str) -> Payload:
    return {name: world.settings.get(f"{name} {parameters.text('language_code') or ''}", "")}


async def set_chat_menu_button(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#setchatmenubutton"""
    world.settings[f"menu {parameters.integer('chat_id')}"] = parameters.structure("menu_button")
    return True


async def get_chat_menu_button(world: World, parameters: Parameters) -> Any:
    """https://core.telegram.org/bots/api#getchatmenubutton"""
    return world.settings.get(f"menu {parameters.integer('chat_id')}") or {"type": "commands"}
