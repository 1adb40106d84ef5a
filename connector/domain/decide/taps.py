"""What happens when a client taps a button."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.client import Stage
from connector.domain.decide import asking, choosing, desks, profile, rating, requests, triggers
from connector.domain.decide.reach import returned
from connector.domain.decide.registering import meet
from connector.domain.decide.tickets import advance
from connector.domain.decide.turn import Turn, menu
from connector.domain.effects import AnswerTap, Urgency
from connector.domain.events import ClientTapped
from connector.domain.ticket import Outcome

DOUBLE_TAP = timedelta(seconds=10)
"""A second tap on the same topic within this is the same wish."""


def tapped(turn: Turn, event: ClientTapped) -> None:
    """Every tap is answered, also one that no longer means anything."""
    if desks.tapped(turn, event):
        return
    meet(turn, event.author)
    if turn.client.blocked:
        returned(turn)
    kind, _, value = event.data.partition(":")
    if kind != "rate":
        # Whoever turns to something else owes no word about a low mark any more.
        turn.client = replace(turn.client, explaining=None)
    notice = ""
    at = len(turn.effects)
    match kind:
        case "topic":
            notice = _tapped_topic(turn, value)
        case "group":
            asking.ask_topic(turn, group=value or None)
        case "new":
            choosing.begin_new(turn)
        case "requests":
            requests.show(turn)
        case "ticket":
            notice = requests.chosen(turn, value)
        case "open":
            notice = requests.looked_at(turn, value)
        case "withdraw":
            notice = requests.withdrawing(turn, value)
        case "withdraw!":
            notice = requests.ended(turn, value, Outcome.WITHDRAWN)
        case "helped":
            notice = requests.ended(turn, value, Outcome.HELPED)
        case "rate":
            notice = rating.tapped(turn, value)
        case "silent":
            notice = triggers.silenced(turn)
        case "hear":
            notice = triggers.heard(turn)
        case "use" | "drop":
            notice = profile.cabinet_tapped(turn, kind, value)
        case "cabinet" if turn.policy.cabinet is not None:
            asking.ask_cabinet(turn, "cabinet.add")
        case "language":
            notice = profile.language_tapped(turn, value)
        case "phone":
            notice = profile.phone_tapped(turn)
        case "leave":
            notice = profile.leaving(turn)
        case "leave!":
            notice = profile.left(turn)
        case "keep":
            profile.show(turn)
        case "cancel":
            _tapped_cancel(turn)
        case _:
            notice = turn.say("tap.gone")
    turn.effects.insert(
        at,
        AnswerTap(
            key=turn.name("tap"),
            ticket=None,
            chat=event.chat,
            tap=event.tap,
            notice=notice,
            urgency=Urgency.ACKNOWLEDGE,
        ),
    )


def _tapped_topic(turn: Turn, key: str) -> str:
    """The last tap wins. While nothing is being chosen, a tap on old buttons begins a new request."""
    client = turn.client
    if turn.policy.topic(key) is None:
        turn.client = replace(client, topic=None)
        advance(turn)
        return turn.say("tap.gone")
    if client.stage is Stage.WORDS and client.topic == key:
        return ""
    just_opened = turn.ticket(client.current)
    if (
        client.stage is Stage.READY
        and just_opened is not None
        and just_opened.topic == key
        and turn.at - just_opened.opened_at < DOUBLE_TAP
    ):
        return ""
    kept = (*client.undecided, *client.kept)
    turn.client = replace(client, topic=key, kept=kept, undecided=(), undecided_at=None)
    advance(turn)
    return ""


def _tapped_cancel(turn: Turn) -> None:
    client = turn.client
    if client.stage in (Stage.TOPIC, Stage.WORDS) and not client.kept:
        turn.client = replace(client, stage=Stage.READY, topic=None)
        turn.tell("cancelled", turn.say("words.cancelled"), menu=menu(turn))
