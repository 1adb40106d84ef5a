"""Which buttons Telegram accepts under a message and which keyboard then shows.

https://core.telegram.org/bots/api#inlinekeyboardbutton
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.refusals import bad_request

_ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
_BUTTONS_LIMIT = 100
_PLACEHOLDER_LIMIT = 64

Markup = dict[str, Any]


def inline(markup: object) -> Markup | None:
    """An inline keyboard as it is shown, None when there is nothing to show; other markups are refused."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if markup and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    rows = [[_inline_button(button) for button in row] for row in _rows(markup.get("inline_keyboard", []))]
    rows = [row for row in rows if row]
    return {"inline_keyboard": rows} if rows else None


def reply_markup(markup: object, *, private: bool) -> tuple[Markup | None, Markup | None]:
    """The inline keyboard to store in the message and, apart, the markup that changes the reply keyboard."""
    if markup is None or markup == {}:
        return None, None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return inline(markup), None
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and not 1 <= len(str(placeholder)) <= _PLACEHOLDER_LIMIT:
        raise bad_request("input field placeholder must be from 1 to 64 characters long")
    if "keyboard" in markup:
        rows = [[_reply_button(button, private=private) for button in row] for row in _rows(markup["keyboard"])]
        rows = [row for row in rows if row]
        return None, ({**markup, "keyboard": rows} if rows else None)
    if markup.get("remove_keyboard") is True or markup.get("force_reply") is True:
        return None, dict(markup)
    raise bad_request("object expected as reply markup")


def _rows(rows: object) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse reply keyboard markup: expected an Array of Arrays of buttons")
    if sum(len(row) for row in rows) > _BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return rows


def _inline_button(button: object) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be a non-empty String')
    actions = [action for action in _ACTIONS if action in button]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one action must be used")
    match actions[0]:
        case "callback_data":
            data = button["callback_data"]
            if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
                raise bad_request("BUTTON_DATA_INVALID")
        case "url":
            url = str(button["url"])
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https", "tg") or not parts.netloc or " " in url:
                raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        case "copy_text":
            copied = button["copy_text"]
            if not isinstance(copied, dict) or not 1 <= len(str(copied.get("text", ""))) <= 256:
                raise bad_request("BUTTON_COPY_TEXT_INVALID")
        case _:
            pass
    return dict(button)


def _reply_button(button: object, *, private: bool) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request('can\'t parse keyboard button: Field "text" must be a non-empty String')
    if not private:
        if button.get("request_contact"):
            raise bad_request("phone number can be requested in private chats only")
        if button.get("request_location"):
            raise bad_request("location can be requested in private chats only")
    return dict(button)
