"""Kaiten's JSON as it comes, read tolerantly into small facts, and those facts as the core's events."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.kaiten.http import PORT
from adapters.kaiten.texts import read_html, read_markdown
from connector.domain.events import Agent, AgentAttached, AgentCommented, AgentEdited, AgentRemoved, CardSeen
from connector.domain.events import Event as CoreEvent
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.signature import opens_signed, unsigned
from connector.domain.words import File, Text
from connector.ports import Arrival

Json = Mapping[str, object]
RESPONSIBLE = 2
"""The type of the member who is responsible for the card."""
_BLOCKS = re.compile(
    r"\s*<(p|div|ul|ol|blockquote|h[1-6])(\s[^<>]*)?>.*</(p|div|ul|ol|blockquote|h[1-6])>\s*", re.DOTALL
)
"""What an editor writes and nobody types: from its first sign to its last it is HTML, whatever it is said to be."""
_LATE = timedelta(seconds=2)
"""A file this much younger than its comment joined it later: told by its own event, whoever asks and whenever."""


def whole(value: object) -> int | None:
    """An id or count, whether it came as a number or as digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return None


def moment(value: object) -> datetime | None:
    """A timestamp; one without a zone is UTC."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def word(value: object) -> str:
    """A string, or what a number looks like; empty for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def fields(value: object) -> Json | None:
    """An object's fields, or None where something else came."""
    return value if isinstance(value, Mapping) else None


def entries(value: object) -> tuple[Json, ...]:
    """The objects of a list; whatever else is in it is passed over."""
    return tuple(entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What we need of a card. `gone`: archived or deleted."""

    id: int
    uid: str | None
    external_id: str
    version: int
    board: str
    column: str
    lane: str | None
    due: datetime | None
    responsible: Agent | None
    """Whoever is responsible; None too where the payload names no members."""
    gone: bool
    created: datetime | None
    updated: datetime | None
    comments: int | None
    commented_at: datetime | None
    tells_of_comments: bool
    """Whether the payload says anything of comments: how many there are, or that none was added yet."""

    @property
    def ref(self) -> Ref:
        """The card, the same wherever it is seen."""
        return card_ref(self.id)

    @property
    def ticket(self) -> TicketId:
        """What it carries as its external id, whole: only the core knows what that is made of."""
        return TicketId(self.external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What we need of a comment; `raw` is its text as stored, signatures included."""

    id: int
    uid: str | None
    author: int | None
    author_name: str
    raw: str
    html: bool
    created: datetime
    updated: datetime
    edited: bool
    deleted: bool
    internal: bool

    def mine(self, me: int) -> bool:
        """Whether this connector wrote it: our account, and our signature where we put it.

        The account may be an agent's too, and people quote: neither alone tells.
        """
        return self.author == me and opens_signed(self.raw)

    @property
    def text(self) -> Text:
        """What it says."""
        words = unsigned(self.raw)
        return read_html(words) if self.html or _BLOCKS.fullmatch(words) else read_markdown(words)

    @property
    def fingerprint(self) -> str:
        """Sixteen characters that change with the text."""
        return hashlib.sha256(self.raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def card_ref(card: int) -> Ref:
    """The ref of a card."""
    return Ref(port=PORT, id=str(card))


def comment_ref(card: int, comment: int) -> Ref:
    """The ref of a comment."""
    return Ref(port=PORT, id=f"{card}/{comment}")


def user_ref(user: int) -> Ref:
    """The ref of a person."""
    return Ref(port=PORT, id=f"user/{user}")


def ref_numbers(ref: Ref) -> tuple[int, int | None]:
    """(card, comment) of a ref of ours. Raises ValueError for any other."""
    card, _, comment = ref.id.partition("/")
    if ref.port != PORT or not card.isdigit() or (comment and not comment.isdigit()):
        raise ValueError(f"{ref.key} names neither a card nor a comment in Kaiten")
    return int(card), int(comment) if comment else None


def read_card(payload: object) -> Card | None:
    """A card from a list, an answer or a webhook; None without an id.

    https://developers.kaiten.ru/cards/retrieve-card
    """
    card = fields(payload)
    number = whole(card.get("id")) if card else None
    if card is None or number is None:
        return None
    lane = whole(card.get("lane_id"))
    comments, updated = whole(card.get("comments_total")), moment(card.get("updated"))
    version = whole(card.get("version"))
    if version is None and updated is not None:  # what is not numbered is told apart by its time
        version = int(updated.timestamp() * 1000)
    return Card(
        id=number,
        uid=word(card.get("uid")) or None,
        external_id=word(card.get("external_id")),
        version=version or 0,
        board=word(card.get("board_id")),
        column=word(card.get("column_id")),
        lane=None if lane is None else str(lane),
        due=moment(card.get("due_date")),
        responsible=_responsible(card),
        gone=card.get("archived") is True or whole(card.get("condition")) in (2, 3),
        created=moment(card.get("created")),
        updated=updated,
        comments=comments,
        commented_at=moment(card.get("comment_last_added_at")),
        tells_of_comments=comments is not None or "comment_last_added_at" in card,
    )


def _responsible(card: Json) -> Agent | None:
    """One at most: where two are shown, the one who joined later took over.

    https://developers.kaiten.ru/card-members/retrieve-list-of-card-members
    """
    for member in reversed(entries(card.get("members"))):
        number = whole(member.get("user_id")) or whole(member.get("id"))
        if number is not None and whole(member.get("type")) == RESPONSIBLE:
            name = word(member.get("full_name")) or word(member.get("username")) or word(member.get("email"))
            return Agent(ref=user_ref(number), name=name or f"user {number}")
    return None


def read_comment(payload: object, seen: datetime | None = None) -> Comment | None:
    """A comment; None without an id, or without a time where it is not told when it was `seen` either.

    https://developers.kaiten.ru/card-comments/retrieve-card-comments
    """
    comment = fields(payload)
    number = whole(comment.get("id")) if comment else None
    if comment is None or number is None:
        return None
    created = moment(comment.get("created")) or moment(comment.get("updated")) or seen
    if created is None:
        return None
    author = fields(comment.get("author")) or {}
    return Comment(
        id=number,
        uid=word(comment.get("uid")) or None,
        author=whole(comment.get("author_id")) or whole(author.get("id")),
        author_name=word(author.get("full_name")) or word(author.get("username")),
        raw=word(comment.get("text")),
        html=whole(comment.get("type")) == 2,
        created=created,
        updated=moment(comment.get("updated")) or created,
        edited=comment.get("edited") is True,
        deleted=comment.get("deleted") is True,
        internal=comment.get("internal") is True,
    )


# ---- facts as arrivals


def arrival(event: CoreEvent, *payloads: object) -> Arrival:
    """A readable arrival with the JSON it was read from."""
    return Arrival(key=event.key, raw=raw_json(payloads[0] if len(payloads) == 1 else payloads), event=event)


def unreadable(payload: object, reason: str) -> Arrival:
    """An arrival to be kept aside."""
    raw = raw_json(payload)
    return Arrival(
        key=Key(f"{PORT}:unreadable:{hashlib.sha256(raw.encode()).hexdigest()[:32]}"), raw=raw, reason=reason
    )


def raw_json(payload: object) -> str:
    """A payload as it came, in pure ASCII."""
    return json.dumps(payload, ensure_ascii=True, default=str)


def card_seen(card: Card, now: datetime, *, missing: bool = False, handed: datetime | None = None) -> CardSeen:
    """How a card looks; `missing`: it is out of our sight, and this is how it looked last.

    Who has it is no part of its version: `handed` is when somebody else was first seen to have the same version.
    """
    holder = f":{card.responsible.ref.id}" if card.responsible else ":nobody" if handed else ""
    if handed is not None:
        holder += f":{handed.timestamp() * 1000:.0f}"
    ending = ":gone" if missing else ":archived" if card.gone else ""
    return CardSeen(
        key=Key(f"{card.ref.key}:v{card.version}{holder}{ending}"),
        at=handed or card.updated or now,
        card=card.ref,
        ticket=card.ticket,
        version=card.version,
        board=card.board,
        column=card.column,
        lane=card.lane,
        responsible=card.responsible.name if card.responsible else None,
        due_at=card.due,
        gone=missing or card.gone,
    )


def commented(card: Card, comment: Comment, files: tuple[File, ...]) -> AgentCommented:
    """An agent's comment with the files seen together with it."""
    ref = comment_ref(card.id, comment.id)
    return AgentCommented(
        key=ref.key,
        at=comment.created,
        card=card.ref,
        ticket=card.ticket,
        comment=ref,
        author=_agent(comment),
        text=comment.text,
        files=files,
        internal=comment.internal,
    )


def edited(card: Card, comment: Comment) -> AgentEdited:
    """An agent's comment as it reads now."""
    ref = comment_ref(card.id, comment.id)
    return AgentEdited(
        key=Key(f"{ref.key}:edit:{comment.fingerprint}"),
        at=comment.updated,
        card=card.ref,
        ticket=card.ticket,
        comment=ref,
        author=_agent(comment),
        text=comment.text,
        internal=comment.internal,
    )


def attached(card: Card, comment: Comment, file: File, at: datetime | None) -> AgentAttached:
    """A file that joined an agent's comment."""
    return AgentAttached(
        key=file.ref.key,
        at=at or comment.updated,
        card=card.ref,
        ticket=card.ticket,
        comment=comment_ref(card.id, comment.id),
        author=_agent(comment),
        file=file,
        internal=comment.internal,
    )


def removed(card: Card, comment: int, at: datetime) -> AgentRemoved:
    """An agent's comment that Kaiten says was deleted."""
    ref = comment_ref(card.id, comment)
    return AgentRemoved(key=Key(f"{ref.key}:removed"), at=at, card=card.ref, ticket=card.ticket, comment=ref)


def joined_later(file_at: datetime | None, comment: Comment) -> bool:
    """Whether a file was added to a comment that was already there."""
    return file_at is not None and file_at - comment.created > _LATE


def _agent(comment: Comment) -> Agent:
    return Agent(ref=user_ref(comment.author or 0), name=comment.author_name)
