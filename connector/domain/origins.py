"""Why a card looks as it does: for each of its fields the order or the hand that made it so, and what caused that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector.domain.card import BLOCK_BEGIN
from connector.domain.effects import (
    AddTag,
    AssignCard,
    AttachSla,
    CreateCard,
    DetachSla,
    MoveCard,
    RemoveTag,
    ReplaceCard,
    SetBlock,
    SetDeadline,
    SetFacts,
)
from connector.domain.events import CardSeen
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import Key
from connector.domain.sheet import Sheet
from connector.domain.ticket import Ticket

_LATE = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one field of a card comes from.

    `field`: board, column, lane, title, `tag X`, responsible, due date, `field X` (X a fact), description, history.
    `value` is what we wrote or saw, in the board tool's ids where it is an id. `rule` is what of the mapping asked for
    it, as steps into that document (`topic` and `class` stand for the request's own); empty where none did. `order` is
    ours that wrote it, `seen` the look at the card that first showed a change made by hand; `cause` is the event that
    was decided on.
    """

    field: str
    value: str
    rule: tuple[str, ...] = ()
    order: QueuedOrder | None = None
    seen: NotedEvent | None = None
    cause: NotedEvent | None = None
    service_class: str = ""
    topic: str = ""

    @property
    def at(self) -> datetime | None:
        """When it became so, as far as we know."""
        if self.seen is not None:
            return self.seen.at
        return (self.order.ended or self.order.created) if self.order is not None else None

    @property
    def by_hand(self) -> bool:
        """Whether somebody on the board made it so."""
        return self.seen is not None


def opening(ticket: Ticket, events: Sequence[NotedEvent]) -> NotedEvent | None:
    """The message whose words opened the request."""
    return next((noted for noted in events if noted.key == ticket.opened_by), None)


def origins(ticket: Ticket, events: Sequence[NotedEvent], orders: Sequence[QueuedOrder]) -> tuple[Origin, ...]:
    """One for each field of the ticket's present card that we know of; of orders still open, what they will make."""
    by_seq = {noted.seq: noted for noted in events}
    mine = [order for order in orders if order.ticket == ticket.id and order.state not in ("dead", "skipped")]
    create = next((order for order in mine if order.key == Key(f"card/{ticket.external_id}")), None)
    begun = (create.seq or 0) if create is not None else 0
    mine = [order for order in mine if order is create or not create or (order.seq or begun) >= begun]
    sheet = _Sheet(ticket=ticket, causes=by_seq)
    sightings = [
        noted
        for noted in events
        if isinstance(noted.event, CardSeen) and noted.event.card == ticket.card and noted.state != "own"
    ]
    looks: list[tuple[datetime, int, QueuedOrder | NotedEvent]] = [
        *((order.ended or _LATE, order.seq, order) for order in mine),
        *((noted.received, noted.seq, noted) for noted in sightings),
    ]
    for _, _, thing in sorted(looks, key=lambda entry: entry[:2]):
        if isinstance(thing, QueuedOrder):
            sheet.wrote(thing)
        else:
            sheet.saw(thing)
    return tuple(sheet.fields.values())


class _Sheet:
    """The card as it comes to be, field by field."""

    def __init__(self, *, ticket: Ticket, causes: Mapping[int, NotedEvent]) -> None:
        self.fields: dict[str, Origin] = {}
        self._ticket = ticket
        self._causes = causes
        self._class = ticket.service_class
        self._topic = ticket.topic
        self._last: CardSeen | None = None
        self._touched: set[str] = set()
        """What we wrote since the last look: a change of it there is our own."""

    def _put(self, field: str, value: str, rule: tuple[str, ...], order: QueuedOrder) -> None:
        self._touched.add(field)
        self.fields[field] = Origin(
            field=field, value=value, rule=rule, order=order, cause=self._causes.get(order.cause or 0),
            service_class=self._class, topic=self._topic,
        )  # fmt: skip

    def wrote(self, order: QueuedOrder) -> None:
        """What an order of ours makes of the card."""
        match order.effect:
            case CreateCard() as card:
                self._class, self._topic = card.service_class, card.topic
                self._put("board", "", ("topic", "board"), order)
                self._put("column", "", ("topic", "column"), order)
                self._put("lane", "", ("class", "lane"), order)
                self._put("title", card.title, ("card", "title"), order)
                self._put("responsible", "", ("source", "responsible"), order)
                self._put("due date", _moment(card.due_at), ("class", "resolution"), order)
                self._put("source", "", ("source", "field"), order)
                for name, value in card.facts.items():
                    self._put(f"field {name}", value, ("fields", name), order)
                words = card.description.partition(BLOCK_BEGIN)[0]
                self._put("description", words.strip(), ("texts",), order)
                if BLOCK_BEGIN in card.description:
                    self._put("history", "earlier requests", ("history",), order)
            case MoveCard() as move:
                self._put("column", move.meaning.value, ("columns", move.meaning.value), order)
            case ReplaceCard() as move:
                self._class = move.service_class
                if move.topic is not None:
                    self._topic = move.topic
                    self._put("board", "", ("topic", "board"), order)
                    self._put("column", "", ("topic", "column"), order)
                self._put("lane", "", ("class", "lane"), order)
                if not move.keeps_due:
                    self._put("due date", _moment(move.due_at), ("class", "resolution"), order)
            case SetDeadline() as deadline:
                # It follows the class of the lane the card was dragged into.
                self._class = self._ticket.service_class
                self._put("due date", _moment(deadline.due_at), ("class", "resolution"), order)
            case AssignCard() as given:
                self._put("responsible", f"user {given.user}", (), order)
            case AddTag() as tag:
                self._put(f"tag {tag.name}", tag.name, ("tag", tag.name), order)
            case RemoveTag() as tag:
                self.fields.pop(f"tag {tag.name}", None)
            case AttachSla() if order.state == "done" and order.reason:
                pass  # the board would not have it
            case AttachSla() as agreement:
                # As with the deadline; what the former class had was taken off.
                self._class = self._ticket.service_class
                self._put(f"sla {agreement.sla}", agreement.sla, ("class", "board_sla"), order)
            case DetachSla() as agreement:
                self.fields.pop(f"sla {agreement.sla}", None)
            case SetFacts() as facts:
                for name, value in facts.facts.items():
                    self._put(f"field {name}", value, ("fields", name), order)
            case SetBlock():
                self._put("history", "earlier requests", ("history",), order)
            case _:
                pass

    def saw(self, noted: NotedEvent) -> None:
        """How the card looked: what differs from the look before, and was not written by us since, a hand changed."""
        now, before = noted.event, self._last
        assert isinstance(now, CardSeen)
        shown = {
            "board": (now.board, before and before.board),
            "column": (now.column, before and before.column),
            "lane": (now.lane or "", before and (before.lane or "")),
            "responsible": (now.responsible or "", before and (before.responsible or "")),
        }
        for field, (value, former) in shown.items():
            known = self.fields.get(field)
            if former is None or value == former or field in self._touched:
                if known is not None and (field != "responsible" or value):
                    self.fields[field] = replace(known, value=value)
            else:
                self.fields[field] = Origin(
                    field=field, value=value, seen=noted, cause=noted, service_class=self._class, topic=self._topic
                )
        if now.gone:
            self.fields["gone"] = Origin(field="gone", value="archived, deleted or out of our sight", seen=noted)
        else:
            self.fields.pop("gone", None)
        self._last = now
        self._touched.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that looks otherwise on the live card than we last knew."""

    field: str
    known: str
    live: str


def differences(told: Sequence[Origin], sheet: Sheet | None) -> tuple[Difference, ...]:
    """What the live card shows otherwise. Ids of orders not yet seen on the board are compared with nothing."""
    if sheet is None:
        return (Difference(field="card", known="there", live="gone, or out of our sight"),)
    known = {origin.field: origin.value for origin in told}
    sketch, seen = sheet.sketch, sheet.sketch.seen
    pairs = {
        "board": seen.board,
        "column": seen.column,
        "lane": seen.lane or "",
        "title": sketch.title,
        "responsible": seen.responsible or "",
        "due date": _moment(sketch.due_at),
    }
    found = [
        Difference(field=field, known=known[field], live=live)
        for field, live in pairs.items()
        if known.get(field) and known[field] != live and not (field == "column" and not known[field].isdigit())
        and not known[field].startswith("user ")
    ]  # fmt: skip
    mine = {value.casefold(): value for field, value in known.items() if field.startswith("tag ")}
    there = {tag.casefold(): tag for tag in sketch.tags}
    found += [
        Difference(field=f"tag {tag}", known=tag, live="not there") for key, tag in mine.items() if key not in there
    ]
    found += [
        Difference(field=f"tag {tag}", known="not ours", live=tag) for key, tag in there.items() if key not in mine
    ]
    words = known.get("description", "")
    if words and "".join(words.split()) not in "".join(sheet.description.split()):
        found.append(Difference(field="description", known="our words", live="changed by hand"))
    return tuple(found)


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z" if at is not None else "none"
