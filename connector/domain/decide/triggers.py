"""Messages the bot sends of itself: reminders, advice, the end after long silence; never two at once, nor at night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from connector.domain.client import Client
from connector.domain.decide.tickets import close
from connector.domain.decide.turn import Buttons, Turn
from connector.domain.effects import Button, SendFiles, SendMessage, Urgency
from connector.domain.policy import Occasion, Policy, Trigger
from connector.domain.refs import Key
from connector.domain.say import title
from connector.domain.sla import waking
from connector.domain.text import split
from connector.domain.ticket import Outcome, Phase, Ticket
from connector.domain.words import Text

APART = timedelta(hours=12)
"""Between two such messages to one client."""
STALE = timedelta(days=7)
"""A message that would come later than this after its moment is not sent (a new mapping, a daemon long off)."""
STALE_ADVICE = timedelta(days=3)
"""The same for advice that could not be given because the client had blocked us."""
PREFIX = "trigger/"
"""What the keys of such orders begin with: `trigger/<key of the trigger>/…`."""
REMEMBERED = 50
"""Marks of triggers that have run; those that could run again are kept in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chance:
    """A trigger on an occasion: when it runs, and the mark that it has run."""

    trigger: Trigger
    mark: str
    at: datetime
    ticket: Ticket | None = None


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When each trigger that has not run may do so."""
    return (when for when, _ in _pending(client, policy))


def passed(turn: Turn) -> None:
    """Sends the one whose moment came first; the others wait. What nobody wants to hear any more is left unsaid."""
    ready = sorted(
        (chance for when, chance in _pending(turn.client, turn.policy) if when <= turn.at), key=lambda each: each.at
    )
    if not ready:
        return
    until = waking(turn.at, turn.policy.quiet_hours)
    if until > turn.at and not turn.client.blocked:
        # The moment was in the daytime, but nobody looked then.
        turn.client = replace(turn.client, hushed_until=until)
        return
    sent = False
    for chance in ready:
        if not _wanted(turn, chance):
            _mark(turn, chance)
        elif not sent:
            sent = True
            _mark(turn, chance)
            _send(turn, chance)


def silenced(turn: Turn) -> str:
    """No more advice; reminders of a request of theirs still come. Returns the notice of the tap."""
    turn.client = replace(turn.client, silent=True)
    return turn.say("silent.on")


def heard(turn: Turn) -> str:
    """Advice again. Returns the notice of the tap."""
    turn.client = replace(turn.client, silent=False)
    return turn.say("silent.off")


def is_trigger(effect: SendMessage | SendFiles) -> bool:
    """Whether the order carries such a message: its end stays in the journal, where what came of it can be counted."""
    return effect.key.startswith(PREFIX)


# ---- when


def _pending(client: Client, policy: Policy) -> Iterator[tuple[datetime, _Chance]]:
    """What has not run, with the moment it may: apart from the one before, and not in quiet hours.

    While the client has blocked us reminders wait, and advice only waits to become stale.
    """
    for chance in _chances(client, policy):
        if chance.mark in client.fired:
            continue
        if client.blocked:
            if chance.trigger.occasion is not Occasion.WAITING:
                yield chance.at + STALE_ADVICE, chance
            continue
        earliest = chance.at
        if client.fired_at is not None:
            earliest = max(earliest, client.fired_at + APART)
        if client.hushed_until is not None:
            earliest = max(earliest, client.hushed_until)
        yield waking(earliest, policy.quiet_hours), chance


def _chances(client: Client, policy: Policy) -> Iterator[_Chance]:
    """Every trigger that has an occasion now, whether it has run or not."""
    for trigger in policy.triggers:
        match trigger.occasion:
            case Occasion.WAITING:
                yield from _waiting(client, trigger)
            case Occasion.REGISTERED:
                if client.registered_at is not None:
                    yield _Chance(trigger=trigger, mark=trigger.key, at=client.registered_at + trigger.after)
            case Occasion.DONE:
                for ticket in client.tickets:
                    if ticket.closed_at is not None and ticket.outcome in (Outcome.DONE, Outcome.HELPED):
                        mark = f"{trigger.key}:{ticket.id}"
                        yield _Chance(trigger=trigger, mark=mark, at=ticket.closed_at + trigger.after, ticket=ticket)
            case _:
                assert_never(trigger.occasion)


def _waiting(client: Client, trigger: Trigger) -> Iterator[_Chance]:
    """Requests on which the client is the one to speak. The mark tells which silence it was: words begin another."""
    for ticket in client.tickets:
        if ticket.phase is not Phase.WAITING or ticket.lost:
            continue
        since = ticket.phase_at or ticket.opened_at
        if ticket.client_at is not None and ticket.client_at > since:
            if ticket.latest is not None:
                # They have answered; it is the agents who are silent, wherever the card still stands.
                continue
            since = ticket.client_at
        begins = since
        if trigger.close:
            # Nobody is closed out while the agents' latest question is younger than that.
            begins = max((line.at for line in ticket.lines if line.ours and line.at > since), default=since)
        mark = f"{trigger.key}:{ticket.id}:{int(since.timestamp())}"
        yield _Chance(trigger=trigger, mark=mark, at=begins + trigger.after, ticket=ticket)


# ---- what


def _wanted(turn: Turn, chance: _Chance) -> bool:
    """Whether the message still makes sense to the client."""
    client = turn.client
    if client.blocked or turn.at - chance.at > STALE:
        return False
    match chance.trigger.occasion:
        case Occasion.WAITING:
            return True
        case Occasion.REGISTERED:
            return not client.silent
        case Occasion.DONE:
            return not client.silent and not _busy(client, chance.ticket)
        case _:
            assert_never(chance.trigger.occasion)


def _busy(client: Client, ended: Ticket | None) -> bool:
    """Whether something of the client's is open, or they have written since that request ended."""
    if client.kept or client.undecided or any(ticket.open for ticket in client.tickets):
        return True
    since = ended.closed_at if ended is not None else None
    return since is not None and any(
        ticket.client_at is not None and ticket.client_at > since for ticket in client.tickets
    )


def _send(turn: Turn, chance: _Chance) -> None:
    """One message; where the trigger says so, the request ends with it."""
    trigger, ticket, client, policy = chance.trigger, chance.ticket, turn.client, turn.policy
    turn.client = replace(client, fired_at=turn.at)
    values = {
        "number": ticket.number if ticket is not None else "",
        "subject": ticket.subject if ticket is not None else "",
        "name": client.name,
    }
    text = split(Text(plain=title(trigger.text, policy, client.tongue).format_map(values)), policy.limits.text)[0]
    advice = trigger.occasion is not Occasion.WAITING
    buttons: Buttons = ((Button(label=turn.say("button.silent"), data="silent"),),) if advice else ()
    if text.plain.strip():
        turn.effects.append(
            SendMessage(
                key=Key(f"{PREFIX}{trigger.key}/{turn.key}"),
                ticket=ticket.id if ticket is not None else None,
                chat=client.chat,
                text=text,
                urgency=Urgency.LABEL,
                buttons=buttons,
            )
        )
    if trigger.close and ticket is not None and trigger.occasion is Occasion.WAITING:
        close(turn, ticket.id, Outcome.SILENT, "note.silent")


def _mark(turn: Turn, chance: _Chance) -> None:
    """Notes that the trigger has run. Marks without an occasion (their silence is over) are forgotten first."""
    client = turn.client
    fired = (*client.fired, chance.mark)
    live = {each.mark for each in _chances(client, turn.policy)}
    room = max(REMEMBERED - sum(mark in live for mark in fired), 0)
    others = [mark for mark in fired if mark not in live]
    kept = live.union(others[len(others) - min(room, len(others)) :])
    turn.client = replace(client, fired=tuple(mark for mark in fired if mark in kept))
