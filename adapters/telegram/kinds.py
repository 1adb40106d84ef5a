"""Which fields of a message are content, which stand beside it, and which only tell what was done to the chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final


def _fields(names: str) -> frozenset[str]:
    return frozenset(names.split())


# https://core.telegram.org/bots/api#message
CONTENT: Final = _fields("""
    text animation audio document photo sticker video video_note voice contact location venue
""")

READ: Final = CONTENT | _fields("""
    message_id date edit_date chat from sender_chat media_group_id entities caption caption_entities
    forward_origin quote
""")
"""What we read: nothing else is given to the parser, so no news elsewhere in the API can spoil a message."""

_ASIDE: Final = _fields("""
    message_thread_id direct_messages_topic sender_boost_count sender_business_bot sender_tag guest_query_id
    business_connection_id is_topic_message is_automatic_forward reply_to_message external_reply reply_to_story
    reply_to_checklist_task_id reply_to_poll_option_id via_bot guest_bot_caller_user guest_bot_caller_chat
    has_protected_content is_from_offline is_paid_post author_signature paid_star_count link_preview_options
    suggested_post_info effect_id show_caption_above_media has_media_spoiler reply_markup live_photo
    forward_from forward_from_chat forward_from_message_id forward_signature forward_sender_name forward_date
""")
"""Says something about a message without being its content."""

_SERVICE: Final = _fields("""
    new_chat_members new_chat_member new_chat_participant left_chat_member left_chat_participant chat_owner_left
    chat_owner_changed new_chat_title new_chat_photo delete_chat_photo group_chat_created supergroup_chat_created
    channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id migrate_from_chat_id pinned_message
    refunded_payment gift unique_gift gift_upgrade_sent connected_website write_access_allowed
    proximity_alert_triggered boost_added chat_background_set checklist_tasks_done checklist_tasks_added
    direct_message_price_changed forum_topic_created forum_topic_edited forum_topic_closed forum_topic_reopened
    general_forum_topic_hidden general_forum_topic_unhidden giveaway_created giveaway_completed
    managed_bot_created paid_message_price_changed poll_option_added poll_option_deleted suggested_post_approved
    suggested_post_approval_failed suggested_post_declined suggested_post_paid suggested_post_refunded
    video_chat_scheduled video_chat_started video_chat_ended video_chat_participants_invited
""")
"""Nobody wrote these: a pin, a new title, a group that became a supergroup."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def is_service(raw: Mapping[str, object]) -> bool:
    """Whether a message only tells that something was done to the chat."""
    return not raw.keys() & CONTENT and bool(raw.keys() & _SERVICE)


def oddity(raw: Mapping[str, object]) -> str | None:
    """The Bot API's name of a content we have no words for (poll, dice, game, story…); None where there are words."""
    if raw.keys() & CONTENT:
        return None
    odd = sorted(raw.keys() - READ - _ASIDE - _SERVICE)
    return next((name for name in odd if _NAME.fullmatch(name)), "unknown")
