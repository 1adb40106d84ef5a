"""Which language the bot speaks with a client, and the buttons by which they choose another."""

from __future__ import annotations

from connector.domain.decide.turn import Buttons, Turn
from connector.domain.effects import Button
from connector.domain.say import language_of, say

_IN_A_ROW = 3


def spoken(turn: Turn) -> str:
    """The language of the texts the client gets."""
    return language_of(turn.policy, turn.client.tongue) or turn.policy.default_language


def offered(turn: Turn) -> Buttons:
    """Every language, for a client of whom nobody could tell which is theirs; nothing for the others."""
    policy = turn.policy
    if len(policy.texts) < 2 or language_of(policy, turn.client.tongue) is not None:
        return ()
    return _buttons(turn, *policy.texts)


def others(turn: Turn) -> Buttons:
    """Every language but the present one."""
    return _buttons(turn, *(tag for tag in turn.policy.texts if tag != spoken(turn)))


def name(turn: Turn, tag: str) -> str:
    """What a language calls itself."""
    return say(turn.policy, tag, "language.name")


def _buttons(turn: Turn, *tags: str) -> Buttons:
    row = [
        Button(label=say(turn.policy, tag, "button.language", language=name(turn, tag)), data=f"language:{tag}")
        for tag in tags
    ]
    return tuple(tuple(row[at : at + _IN_A_ROW]) for at in range(0, len(row), _IN_A_ROW))
