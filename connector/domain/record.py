"""What was written down of an event and of an order, and what was said in it: read by those who ask what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

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
    Urgency,
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
    PersonAmended,
    RequestChanged,
    RequestsJoined,
    SnoozeAsked,
    TakeAsked,
    TermsChanged,
    TimePassed,
    Unlinked,
)
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.signature import unsigned
from connector.domain.words import File, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedEvent:
    """A row of the journal. `state`: new, decided, unreadable, raised, stray, own or seen_to.

    `policy` is the version of the mapping it was decided under; `event` is None where it cannot be read.
    """

    seq: int
    key: Key
    client: ClientId | None
    kind: str
    at: datetime
    received: datetime
    state: str
    reason: str | None
    policy: str | None
    event: Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedOrder:
    """A row of the outbox, or what the journal tells of one that was swept (`seq` 0, no `created`).

    `state`: waiting, started, done, dead or skipped. `tries` counts them all; `cause` is the journal's row that was
    decided on. `due` is when its lane is looked at next: None while it waits for its card.
    """

    seq: int
    key: Key
    lane: str
    port: str
    client: ClientId
    ticket: TicketId | None
    kind: str
    effect: Effect | None
    urgency: Urgency
    state: str
    tries: int | None = None
    reason: str | None = None
    created: datetime | None = None
    began: datetime | None = None
    tried: datetime | None = None
    ended: datetime | None = None
    cause: int | None = None
    made: tuple[Ref, ...] = ()
    due: datetime | None = None
    held: bool = False
    """Whether somebody carries its lane out right now."""

    @property
    def over(self) -> bool:
        """Whether nothing will be done about it any more by itself."""
        return self.state not in ("waiting", "started")


def said(event: Event) -> str:
    """What an event says in words, its files named; empty where it says nothing."""
    match event:
        case ClientWrote() | ClientEdited():
            return _words(event.words)
        case AgentCommented():
            return _with_files(event.text.plain, event.files)
        case AgentEdited():
            return event.text.plain
        case AgentAttached():
            return _with_files("", (event.file,))
        case ClientTapped():
            return event.data
        case CardSeen():
            lane = f" lane {event.lane}" if event.lane else ""
            return "gone" if event.gone else f"board {event.board} column {event.column}{lane} v{event.version}"
        case Failed():
            return f"{event.refusal.value}: {event.reason}"
        case NoticeRaised():
            return event.notice.line
        case NoticeEnded():
            return event.words
        case TakeAsked():
            return event.agent
        case SnoozeAsked():
            return f"until {event.until.isoformat()}"
        case IncidentAnswered():
            return _with_files(event.answer.text.plain, event.answer.files)
        case RequestsJoined():
            return ", ".join(f"No. {child.number}" for child in event.children)
        case RequestChanged():
            return "left" if event.left else "open" if event.open else "closed"
        case IncidentOrdered():
            return "confirm" if event.confirm else "dissolve"
        case IncidentTold():
            return f"incident No. {event.incident.number}"
        case IncidentEnded():
            return f"incident No. {event.number}"
        case (
            Done()
            | ClientBlocked()
            | ClientReturned()
            | AgentRemoved()
            | TimePassed()
            | HistoryChanged()
            | Delayed()
            | TermsChanged()
        ):
            return ""
        case Unlinked() | IncidentTookBack():
            return ""
        case PersonAmended() | CabinetAmended():
            return event.what
        case AmendmentUndone():
            return "undone"
        case _:
            assert_never(event)


def told(effect: Effect) -> str:
    """What an order tells in words; empty where it tells nothing."""
    match effect:
        case SendMessage() | EditMessage():
            return effect.text.plain
        case SendFiles():
            return _with_files(effect.caption.plain, effect.files)
        case React():
            return effect.emoji or "no mark"
        case AnswerTap():
            return effect.notice
        case CreateCard():
            return effect.title
        case AddComment():
            return " / ".join(_with_files(unsigned(each.text.plain), each.files) for each in effect.sections)
        case EditComment():
            return _with_files(effect.section.text.plain, effect.section.files)
        case AddFiles():
            return _with_files("", effect.files)
        case AddTag() | RemoveTag():
            return effect.name
        case SetFacts():
            return ", ".join(f"{name}={value}" for name, value in effect.facts.items())
        case SetBlock():
            return effect.block
        case MoveCard():
            return effect.meaning.value
        case AssignCard():
            return f"user {effect.user}"
        case ReplaceCard():
            return f"topic {effect.topic} class {effect.service_class}" if effect.topic else effect.service_class
        case SetDeadline():
            return effect.due_at.isoformat() if effect.due_at is not None else "none"
        case BindCard():
            return effect.external_id
        case Redact():
            return "lines" if effect.needles else "all of ours"
        case LinkCard() | UnlinkCard():
            return f"card {effect.parent.id}"
        case AttachSla() | DetachSla():
            return f"SLA {effect.sla}"
        case VerifyCabinet():
            return effect.cabinet
        case DeleteMessage():
            return ""
        case _:
            assert_never(effect)


def _words(words: Words) -> str:
    extra = [part for part in (words.emoji, words.oddity) if part]
    if words.location is not None:
        extra.append("location")
    if words.contact is not None:
        extra.append("contact")
    text = " ".join([words.text.plain, *(f"[{part}]" for part in extra)]).strip()
    return _with_files(text, words.files)


def _with_files(text: str, files: tuple[File, ...]) -> str:
    return " ".join([*([text] if text else []), *(f"[{file.kind.value} {file.name}]" for file in files)])
