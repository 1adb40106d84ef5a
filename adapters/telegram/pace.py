"""How often Telegram lets a bot write in one chat.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

A_PERSON = (1.0, 12.0)
"""About one message a second, with a short burst."""
A_GROUP = (1 / 3, 10.0)
"""Twenty messages a minute."""


def pace(chat: str) -> tuple[float, float]:
    """Calls a second and burst for the chat of that id; a group's is negative."""
    return A_GROUP if chat.startswith("-") else A_PERSON
