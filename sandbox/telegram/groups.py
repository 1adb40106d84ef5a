"""Group chats: made with the bot in them, left behind, turned into supergroups."""

from __future__ import annotations

from sandbox.telegram.parameters import Parameters
from sandbox.telegram.people import change_membership, chat_of
from sandbox.telegram.refusals import Misused
from sandbox.telegram.world import Chat, Payload, User, World


def create(world: World, asked: Parameters) -> Payload:
    """A group with known users as members; the first of them adds the bot."""
    chat_id, kind = asked.integer("id"), asked.text("type") or "supergroup"
    ids = asked.structure("members") or []
    if chat_id is None or chat_id >= 0 or kind not in ("group", "supergroup"):
        raise Misused(400, 'a group needs a negative id and the type "group" or "supergroup"')
    if chat_id in world.chats:
        raise Misused(409, f"chat {chat_id} exists")
    if not ids or any(user_id not in world.users for user_id in ids):
        raise Misused(400, "members must be ids of users made with POST /sandbox/users, at least one")
    chat = Chat(
        id=chat_id,
        type=kind,
        title=asked.text("title") or "Group",
        members={user_id: world.users[user_id] for user_id in ids},
        opened=True,
        bot_is_admin=asked.flag("bot_is_admin"),
    )
    world.chats[chat_id] = chat
    by = chat.members[ids[0]]
    status = "administrator" if chat.bot_is_admin else "member"
    member_update = change_membership(world, chat, by, "left", status)
    added = {"new_chat_members": [world.bot.payload()]}
    return {"chat_id": chat_id, "update_ids": [member_update, _told(world, chat, by, added)]}


def remove_bot(world: World, chat_id: int) -> Payload:
    """A member throws the bot out."""
    chat = _group(world, chat_id)
    chat.kicked = True
    by = next(iter(chat.members.values()))
    return {"update_ids": [change_membership(world, chat, by, "member", "kicked")]}


def migrate(world: World, chat_id: int, new_id: int | None) -> Payload:
    """https://core.telegram.org/bots/api#message : migrate_to_chat_id in the old chat, …from… in the new one."""
    chat = _group(world, chat_id)
    if chat.type != "group" or chat.migrated_to is not None:
        raise Misused(409, "only a basic group can become a supergroup, and only once")
    new_id = -(10**12) + chat_id if new_id is None else new_id
    if new_id in world.chats:
        raise Misused(409, f"chat {new_id} exists")
    new = Chat(id=new_id, type="supergroup", title=chat.title, members=dict(chat.members), opened=True)
    new.bot_is_admin = chat.bot_is_admin
    world.chats[new_id] = new
    by = next(iter(chat.members.values()))
    told = [
        _told(world, chat, by, {"migrate_to_chat_id": new_id}),
        _told(world, new, by, {"migrate_from_chat_id": chat_id}),
    ]
    chat.migrated_to = new_id
    return {"chat_id": new_id, "update_ids": told}


def _group(world: World, chat_id: int) -> Chat:
    chat = chat_of(world, chat_id)
    if chat.user is not None:
        raise Misused(400, f"chat {chat_id} is not a group")
    return chat


def _told(world: World, chat: Chat, by: User, content: Payload) -> int | None:
    message = world.post(chat, by, content, by_bot=False)
    return world.updates.add("message", world.shown(message), chat_id=chat.id)
