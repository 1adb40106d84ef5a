"""The whole behaviour: what follows from an event, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from connector.domain.around import UNSEEING, Look, Sight
from connector.domain.client import Client
from connector.domain.decide import (
    agenda,
    belonging,
    board_changes,
    board_sla,
    client_writes,
    clocks,
    commands,
    deadlines,
    delays,
    delivery,
    desks,
    edits,
    escalation,
    history,
    incidents,
    ordering,
    orders_end,
    persons,
    reach,
    taking,
    taps,
    triggers,
)
from connector.domain.decide.turn import Turn
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    AnswerTap,
    AssignCard,
    AttachSla,
    BindCard,
    CreateCard,
    DeleteMessage,
    DetachSla,
    EditComment,
    EditMessage,
    Effect,
    LinkCard,
    MoveCard,
    React,
    Redact,
    RemoveTag,
    ReplaceCard,
    SendFiles,
    SendMessage,
    SetBlock,
    SetDeadline,
    SetFacts,
    UnlinkCard,
    VerifyCabinet,
)
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    AmendmentUndone,
    CabinetAmended,
    CardSeen,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Delayed,
    Done,
    Event,
    Failed,
    HistoryChanged,
    IncidentAnswered,
    IncidentEnded,
    IncidentOrdered,
    IncidentTold,
    IncidentTookBack,
    NoticeEnded,
    NoticeRaised,
    OwnEvent,
    PersonAmended,
    RequestChanged,
    RequestsJoined,
    SnoozeAsked,
    TakeAsked,
    TermsChanged,
    TimePassed,
    Unlinked,
)
from connector.domain.incident import Noticed
from connector.domain.ladder import Verdict
from connector.domain.policy import Command, Policy

__all__ = ["Decision", "decide", "listens", "looks", "looks_opening", "wants_past"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an event leads to: the client as they are from now on, what is to be done in this order, when to look again.

    `wake_at` is the earliest moment anything pending of this client needs; None while nothing waits for time to pass.
    `tells` are events for others: an incident's requests, and a request's incident. `noticed` is what later requests
    are to be compared with; whoever gets one loads `Client.recent` and asks again.
    """

    client: Client
    effects: tuple[Effect, ...]
    wake_at: datetime | None
    tells: tuple[OwnEvent, ...] = ()
    """What other conversations are told by it."""
    noticed: Noticed | None = None
    verdicts: tuple[Verdict, ...] = ()
    """Agreements that were kept or broken by it."""


def decide(client: Client, event: Event, policy: Policy) -> Decision:
    """What follows from the event. The same input gives the same decision, with the same keys, for ever.

    A ticket opened while `client.next_number` is 0 carries the number 0: the caller takes a number and asks again.
    Raises LookupError when a text is missing in the default language.
    """
    turn = Turn(client=client, policy=policy, key=event.key, at=event.at)
    if client.incident is not None or isinstance(event, RequestsJoined):
        incidents.decided(turn, event)
        wake_at = incidents.next_moment(turn.client, policy)
        return Decision(client=turn.client, effects=tuple(turn.effects), wake_at=wake_at, tells=tuple(turn.tells))
    match event:
        case ClientWrote():
            client_writes.wrote(turn, event)
        case ClientEdited():
            if not desks.closed_to_clients(client):
                edits.edited(turn, event)
        case ClientTapped():
            taps.tapped(turn, event)
        case ClientBlocked():
            reach.blocked(turn)
        case ClientReturned():
            reach.returned(turn)
            desks.returned(turn)
        case AgentCommented():
            board_changes.commented(turn, event)
        case AgentEdited():
            board_changes.edited(turn, event)
        case AgentRemoved():
            board_changes.removed(turn, event)
        case AgentAttached():
            board_changes.attached(turn, event)
        case CardSeen():
            board_changes.seen(turn, event)
        case HistoryChanged():
            history.changed(turn, event.tickets)
        case TermsChanged():
            clocks.under_other_terms(turn)
        case Delayed():
            delays.delayed(turn, event)
        case IncidentTold():
            belonging.told(turn, event)
        case IncidentAnswered():
            belonging.answered(turn, event)
        case IncidentTookBack():
            belonging.took_back(turn, event)
        case IncidentEnded():
            belonging.ended(turn, event)
        case RequestChanged() | IncidentOrdered():
            pass  # for an incident only
        case TimePassed():
            agenda.passed(turn)
        case NoticeRaised():
            desks.raised(turn, event.notice)
        case NoticeEnded():
            desks.ended(turn, event)
        case TakeAsked():
            taking.asked(turn, event)
        case SnoozeAsked():
            escalation.snoozed(turn, event)
        case Unlinked():
            desks.unlinked(turn)
        case PersonAmended():
            persons.person(turn, event)
        case CabinetAmended():
            persons.cabinet(turn, event)
        case AmendmentUndone():
            persons.undo(turn, event)
        case Done():
            orders_end.done(turn, event)
        case Failed():
            orders_end.failed(turn, event)
        case _:
            assert_never(event)
    clocks.kept(turn, client, event)
    deadlines.follow(turn, client)
    board_sla.follow(turn)
    escalation.follow(turn, client)
    if isinstance(event, TermsChanged):
        escalation.timed_anew(turn)
    belonging.report(turn, client)
    after = turn.client
    if after.written and after.written[0].until <= turn.at:
        after = replace(after, written=tuple(album for album in after.written if album.until > turn.at))
    return Decision(
        client=after,
        effects=tuple(turn.effects),
        wake_at=agenda.next_moment(after, policy),
        tells=tuple(turn.tells),
        noticed=turn.noticed,
        verdicts=tuple(turn.verdicts),
    )


def wants_past(event: Event, policy: Policy) -> bool:
    """Whether the decision may read the client's earlier requests, which are loaded only for such events.

    For what opens a request or replaces its card they are loaded besides, when the decision is asked again.
    """
    match event:
        case HistoryChanged() | IncidentTold() | IncidentEnded():
            return True
        case AgentCommented():
            order = ordering.read(policy.commands, event.text)
            return order is not None and order.command in (Command.HISTORY, Command.INCIDENT)
        case _:
            return False


def looks(client: Client, event: Event, policy: Policy) -> Look:
    """What else than the client the decision on the event reads; nothing for almost all of them."""
    match event:
        case ClientWrote() | ClientTapped():
            return desks.looks(client, event)
        case AgentCommented():
            number = commands.thread_wanted(policy, event)
            return Look(sight=Sight.THREAD, number=number) if number else UNSEEING
        case TimePassed():
            return Look(sight=Sight.LINKS) if escalation.is_due(client, event.at) else UNSEEING
        case _:
            return UNSEEING


def looks_opening(policy: Policy) -> Look:
    """What the decision reads besides when it opens a request."""
    return Look(sight=Sight.LOAD) if policy.people.routing.assign else UNSEEING


def listens(effect: Effect) -> bool:
    """Whether the end of such an order changes anything here, or is counted: `Done` of the others need not be told."""
    match effect:
        case CreateCard() | MoveCard() | VerifyCabinet():
            return True
        case AddComment():
            return any(section.source is not None for section in effect.sections)
        case SendMessage() | SendFiles():
            return delivery.is_answer(effect) or triggers.is_trigger(effect)
        case EditMessage() | DeleteMessage() | React() | AnswerTap():
            return False
        case EditComment() | AddFiles() | AddTag() | RemoveTag() | SetFacts() | SetBlock():
            return False
        case AssignCard() | ReplaceCard() | SetDeadline() | BindCard() | Redact() | LinkCard() | UnlinkCard():
            return False
        case AttachSla() | DetachSla():
            return False
        case _:
            assert_never(effect)
