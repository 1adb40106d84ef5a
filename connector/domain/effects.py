"""Everything we do, as values: each says what, never how, and names its card only through the ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from connector.domain.refs import Key, Ref, TicketId
from connector.domain.words import File, Text


class Urgency(IntEnum):
    """Who goes first when a remote side is slow; a smaller number goes first."""

    ACKNOWLEDGE = 0
    REPLY = 1
    CARD = 2
    LABEL = 3
    RESYNC = 4


# ---- in the chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a message: `data` comes back with the tap (1 to 64 bytes); one with `card` opens that card.

    `url` is the card's address, None until the order is carried out; without one the button is left out.
    """

    label: str
    data: str = ""
    card: Ref | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactKey:
    """A key of the chat's keyboard that shares the client's own phone number when pressed."""

    label: str


Menu = tuple[tuple[str | ContactKey, ...], ...]
"""The keyboard of a chat; empty: none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """One message, already short enough for the chat tool.

    `buttons` stand under the message, `menu` replaces the keyboard of the chat (None leaves both as they are).
    `reply_to` quotes a message: one we know by its ref, or one that an earlier order made.
    """

    key: Key
    ticket: TicketId | None
    chat: Ref
    text: Text
    urgency: Urgency
    buttons: tuple[tuple[Button, ...], ...] = ()
    menu: Menu | None = None
    reply_to: Ref | Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFiles:
    """One to ten files; more than one goes as an album where the tool allows the mixture."""

    key: Key
    ticket: TicketId | None
    chat: Ref
    files: tuple[File, ...]
    urgency: Urgency
    caption: Text = field(default_factory=Text)
    reply_to: Ref | Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage:
    """New text for the message that the order `target` sent. Where that order sent nothing, nothing is done."""

    key: Key
    ticket: TicketId | None
    chat: Ref
    target: Key
    text: Text
    urgency: Urgency
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage:
    """Takes back the messages that the order `target` sent."""

    key: Key
    ticket: TicketId | None
    chat: Ref
    target: Key
    urgency: Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Marks a client's message with one emoji, replacing our earlier mark; None takes it away."""

    key: Key
    ticket: TicketId | None
    chat: Ref
    message: Ref
    emoji: str | None
    urgency: Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTap:
    """Ends the waiting sign on a tapped button; `notice` is shown briefly when given."""

    key: Key
    ticket: TicketId | None
    chat: Ref
    tap: Ref
    notice: str
    urgency: Urgency


# ---- on the board


class Meaning(StrEnum):
    """What a column means, whatever it is called."""

    QUEUE = "queue"
    WORK = "work"
    WAITING = "waiting"
    DONE = "done"


FieldValue = str | float | bool | datetime | tuple[str, ...]
"""A card field: text, number, yes/no, moment, or the ids of chosen values or users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where and how a card is put, in the board tool's ids: bound from the policy when the order is carried out."""

    board: str
    column: str | None = None
    lane: str | None = None
    responsible: str | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCard:
    """A card for the ticket. `external_id` is what a repeat looks for; `spot` is None until the order is carried out.

    `facts` are the values the mapping may put into fields of the card, by their name in the mapping
    (cabinet, client, username, language, number, topic, class, phone, verified). `source` is the client's message it
    was made of, named where the end of the order must be told.
    """

    key: Key
    ticket: TicketId
    external_id: str
    topic: str
    service_class: str
    title: str
    description: str
    due_at: datetime | None
    facts: Mapping[str, str] = field(default_factory=dict)
    spot: Spot | None = None
    source: Ref | None = None
    responsible: str | None = None
    """The board's user who gets it, in the place of the one the mapping names for all cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One message inside a comment, with the key it can be found and changed by."""

    key: Key
    head: str
    """A line that says who wrote and when; plain text."""
    text: Text
    files: tuple[File, ...] = ()
    source: Ref | None = None
    """The client's message it shows, named where the end of the order must be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment:
    """One comment; several sections when waiting messages were joined. `internal`: for agents' eyes only."""

    key: Key
    ticket: TicketId
    sections: tuple[Section, ...]
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditComment:
    """Replaces the section known by `section.key`; its files are added to those already there.

    `append`: the words that stand there stay, and the section's head and text follow them within the same comment.
    """

    key: Key
    ticket: TicketId
    target: Key
    """The order that made the comment (of a joined comment: the order of that section)."""
    section: Section
    append: bool = False
    internal: bool = False
    """Of a note of ours, which goes behind the clients' words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFiles:
    """Files on the card itself, not under a comment."""

    key: Key
    ticket: TicketId
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTag:
    """A label by its name."""

    key: Key
    ticket: TicketId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTag:
    """Takes a label off by its name; nothing happens where the card does not carry it."""

    key: Key
    ticket: TicketId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFacts:
    """Facts by their name in the mapping, into the fields it names for them; others are left as they are.

    `fields` (field id → value) is None until the order is carried out. A fact the mapping gives no field is dropped.
    """

    key: Key
    ticket: TicketId
    facts: Mapping[str, str]
    fields: Mapping[str, FieldValue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCard:
    """Into the column that means `meaning` on the card's own board; `spot` is None until the order is carried out."""

    key: Key
    ticket: TicketId
    meaning: Meaning
    board: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBlock:
    """Puts `block` between the marks of `connector.domain.card` in the card's description, in the place of what stood
    between them; at the end where there are no marks. What people wrote around it stays as it is.
    """

    key: Key
    ticket: TicketId
    block: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCard:
    """Makes the board's user `user` (an id of the board tool) responsible for the card."""

    key: Key
    ticket: TicketId
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceCard:
    """Puts the card where the topic and class stand: board, lane and, on another board, the column new ones begin in.

    Without a topic it stays on its board and in its column, and goes into the lane of the class there. `due_at`
    becomes the card's deadline (None takes it away), unless it `keeps_due`: an agent has set the one there. `spot` is
    None until the order is carried out.
    """

    key: Key
    ticket: TicketId
    topic: str | None
    service_class: str
    board: str | None
    """The board it stands on; on the same one its column stays."""
    due_at: datetime | None = None
    keeps_due: bool = False
    spot: Spot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeadline:
    """Gives the card this deadline, to the minute; None takes it away."""

    key: Key
    ticket: TicketId
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BindCard:
    """Makes a card that is already there the ticket's own: it carries `external_id` from then on.

    Refused where it carries another one: then it belongs to somebody else.
    """

    key: Key
    ticket: TicketId
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact:
    """Takes a person's words off a card, in what we wrote there; what agents wrote stays.

    With `needles` only lines of our comments that tell of them: each needle is `connector.domain.forgotten.bare`. A
    title that tells of them becomes `title`, if one is given.
    Without, everything of ours: title and description become `title` and `notice`, our comments `notice`, the files
    we brought and the tags named go, and fields that `facts` names are emptied.
    `at`: another card than the ticket's present one.
    """

    key: Key
    ticket: TicketId
    notice: str
    title: str = ""
    at: Ref | None = None
    needles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    """Ids of those fields: bound when the order is carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    """Makes the card a child of `parent`, where the board tool knows such a bond. It may be refused: words tell too."""

    key: Key
    ticket: TicketId
    parent: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkCard:
    """Undoes `LinkCard`; nothing happens where there is no such bond."""

    key: Key
    ticket: TicketId
    parent: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachSla:
    """Puts the card under `sla`, an agreement of the board tool's own by its id there. Nothing here waits for it.

    It may be refused: only a request of the tool's service desk can have one.
    """

    key: Key
    ticket: TicketId
    sla: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachSla:
    """Undoes `AttachSla`; nothing happens where the card is not under that agreement."""

    key: Key
    ticket: TicketId
    sla: str


# ---- in the company's own list


class Verdict(StrEnum):
    """What the company's list says of an account id; UNVERIFIED when it could not be asked."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCabinet:
    """Looks an account id up. The order makes one ref whose id is the `Verdict`: this port is told in our own words."""

    key: Key
    cabinet: str
    ticket: TicketId | None = None


# ---- all of them

ChatEffect = SendMessage | SendFiles | EditMessage | DeleteMessage | React | AnswerTap
BoardEffect = (
    CreateCard
    | AddComment
    | EditComment
    | AddFiles
    | AddTag
    | RemoveTag
    | SetFacts
    | SetBlock
    | AssignCard
    | MoveCard
    | ReplaceCard
    | SetDeadline
    | BindCard
    | Redact
    | LinkCard
    | UnlinkCard
    | AttachSla
    | DetachSla
)
RegistryEffect = VerifyCabinet
Effect = ChatEffect | BoardEffect | RegistryEffect


def urgency_of(effect: Effect) -> Urgency:
    """The class an effect travels in: acknowledgement, reply, card write, label, resync (in that order)."""
    match effect:
        case SendMessage() | SendFiles() | EditMessage() | DeleteMessage() | React() | AnswerTap():
            return effect.urgency
        case VerifyCabinet():
            return Urgency.ACKNOWLEDGE
        case AddComment() | EditComment():
            return Urgency.LABEL if effect.internal else Urgency.CARD
        case CreateCard() | AddFiles() | MoveCard() | AssignCard() | ReplaceCard():
            return Urgency.CARD
        case AddTag() | RemoveTag() | SetFacts() | AttachSla() | DetachSla():
            return Urgency.LABEL
        case SetBlock() | SetDeadline() | BindCard() | Redact() | LinkCard() | UnlinkCard():
            return Urgency.RESYNC
