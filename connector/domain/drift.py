"""What differs between our books and a card, and what would mend it: compared, nothing done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connector.domain import card, earlier
from connector.domain.client import Client
from connector.domain.decide.replies import public
from connector.domain.decide.writing import card_tags, fingerprint
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    BoardEffect,
    EditComment,
    RemoveTag,
    Section,
    SetBlock,
    SetDeadline,
)
from connector.domain.events import AgentRemoved, CardSeen, Event, HistoryChanged
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.sheet import Note, Sheet
from connector.domain.signature import sign
from connector.domain.ticket import Phase, Ticket
from connector.domain.words import File, Text

REPAIR = "repair/"
"""How the keys of orders begin that mend a difference."""
STALE = timedelta(days=1)
"""An agent's comment older than this may have been told to the client in another way meanwhile."""
SAME_TIME = timedelta(minutes=1)
"""Deadlines this near to each other are the same."""
REPEATED = 2
"""A difference that was mended so often and is back is somebody's will, or the tool's: it is only listed."""


class Kind(StrEnum):
    """What differs."""

    COMMENT = "comment"
    FILE = "file"
    LANE = "lane"
    TAG = "tag"
    HISTORY = "history"
    DEADLINE = "deadline"
    ANSWER = "answer"


class Direction(StrEnum):
    """`in`: what the board knows and our books do not. `out`: what our books know and the board does not show."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one order of ours made on the ticket's cards, in order.

    `section` is what it says by now, None where its words are no longer kept; `files` are those it put on the card
    itself. `internal`: a note of ours, none of the client's words.
    """

    key: Key
    refs: tuple[Ref, ...]
    section: Section | None = None
    files: tuple[File, ...] = ()
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What we know of one card. `client` has the earlier requests of this ticket loaded.

    `known` are keys of comments that are in the journal, and of changes of them; `removed` those of which the journal
    tells the removal; `first` are the words under which such a comment was taken in.
    `tagged` are labels our orders put there, `dues` the deadlines they gave; `opened_under` is the mapping the request
    was opened under. `mended` counts how often each difference (by its id) was mended.
    """

    client: Client
    ticket: Ticket
    written: tuple[Written, ...] = ()
    known: frozenset[Key] = frozenset()
    removed: frozenset[Key] = frozenset()
    first: Mapping[Key, tuple[Text, bool]] = field(default_factory=dict)
    tagged: frozenset[str] = frozenset()
    dues: frozenset[datetime] = frozenset()
    opened_under: str | None = None
    mended: Counter[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs. `id` is the same each time it is found; `plan` says what would be done, for people.

    `doubt`: why it is not mended without a person's word; empty where it is safe.
    """

    id: str
    kind: Kind
    what: str
    plan: str
    doubt: str = ""
    orders: tuple[BoardEffect, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether it may be mended without asking."""
        return not self.doubt


def compare(
    books: Books,
    sheet: Sheet,
    policy: Policy,
    *,
    now: datetime,
    run: str,
    link: Callable[[Ref], str | None],
    grace: timedelta = timedelta(0),
) -> tuple[Difference, ...]:
    """Everything that differs, what the board knows first. `run` names the events and orders of this comparison.

    What the board has known for less than `grace` is on its way to us anyhow.

    The board owns where a card stands, so there our books give way; the client's words, the labels we put, the block
    of earlier requests and the deadline of the class are ours.
    """
    found = [*_place(books, sheet, policy, run, now - grace), *_answers(books, sheet, policy, now, now - grace)]
    found += [*_changed(books, sheet, now - grace), *_taken_back(books, sheet, now)]
    if not sheet.sketch.seen.gone:
        found += [*_comments(books, sheet, run), *_files(books, sheet, run), *_card_files(books, sheet, run)]
        if books.ticket.open:
            found += [*_tags(books, sheet, policy, run), *_block(books, sheet, policy, run, link)]
            found += _deadline(books, sheet, run)
    return tuple(_broken(books, each) for each in found)


def out_of_sight(ticket: Ticket, card_: Ref, *, now: datetime, run: str) -> Difference:
    """The board says that there is no such card, or that it is not for us: which of the two, nobody knows."""
    event = CardSeen(
        key=Key(f"{card_.key}:missing:{run}"), at=now, card=card_, ticket=TicketId(ticket.external_id),
        version=ticket.seen, board=ticket.board or "", column="", lane=ticket.lane, gone=True, checked=True,
    )  # fmt: skip
    return Difference(
        id=fingerprint(ticket.id, Kind.LANE.value, "missing"), kind=Kind.LANE,
        what="the board does not show the card any more",
        plan="note that it is gone; the client's next words bring a new one",
        doubt="the token may only have lost the right to see it", events=(event,),
    )  # fmt: skip


def towards(direction: Direction, kind: Kind) -> bool:
    """Whether differences of that kind are meant by the direction."""
    inward = kind in (Kind.LANE, Kind.ANSWER)
    return direction is Direction.BOTH or inward == (direction is Direction.IN)


def _broken(books: Books, found: Difference) -> Difference:
    times = books.mended[found.id] if books.mended is not None else 0
    if times < REPEATED or found.doubt:
        return found
    return replace(found, doubt=f"it was mended {times} times and came back")


def _id(books: Books, kind: Kind, subject: object) -> str:
    return fingerprint(books.ticket.id, kind.value, subject)


# ---- what the board knows


def _place(books: Books, sheet: Sheet, policy: Policy, run: str, till: datetime) -> Iterator[Difference]:
    seen, ticket, board = sheet.sketch.seen, books.ticket, policy.board
    if board is None or ticket.moving is not None or seen.at > till:
        return
    event = replace(seen, key=Key(f"{seen.key}:checked:{run}"), checked=True)
    if seen.gone or seen.board not in board.boards:
        what = "the card was put away" if seen.gone else "the card is on a board the mapping does not name"
        yield Difference(
            id=_id(books, Kind.LANE, "gone"), kind=Kind.LANE, what=what,
            plan="note that it is out of sight; the client's next words bring a new one", events=(event,),
        )  # fmt: skip
        return
    meaning = board.columns.get(seen.column)
    phase = Phase(meaning.value) if meaning is not None else ticket.phase
    there, ours = (seen.board, seen.lane, phase), (ticket.board, ticket.lane, ticket.phase)
    if there != ours:
        names = ("board", "lane", "status")
        told = ", ".join(
            f"{name} {new} on the board, {old} in our books"
            for name, new, old in zip(names, there, ours, strict=True)
            if new != old
        )
        yield Difference(
            id=_id(books, Kind.LANE, "place"), kind=Kind.LANE, what=told,
            plan="take it over into our books: agents move cards", events=(event,),
        )  # fmt: skip


def _answers(books: Books, sheet: Sheet, policy: Policy, now: datetime, till: datetime) -> Iterator[Difference]:
    for note in sheet.notes:
        event = note.told
        if event is None or event.key in books.known or event.at > till:
            continue
        words = public(policy.public, event.text, event.internal, event.author.name, books.ticket.phase)
        if words is None:
            continue
        old = now - event.at > STALE
        yield Difference(
            id=_id(books, Kind.ANSWER, event.key), kind=Kind.ANSWER,
            what=f"a comment by {event.author.name} of {event.at:%Y-%m-%d %H:%M} was never taken in",
            plan="take it in as if it had just been read: it goes to the client if it is public",
            doubt="it is older than a day: the client may have been answered in another way" if old else "",
            events=(event,),
        )  # fmt: skip


def _changed(books: Books, sheet: Sheet, till: datetime) -> Iterator[Difference]:
    """Comments that read otherwise than when they were taken in, and nobody has told so."""
    for note in sheet.notes:
        event, told = note.changed, note.told
        if event is None or told is None or event.key in books.known or event.at > till:
            continue
        if books.first.get(told.key, (event.text, event.internal)) == (event.text, event.internal):
            continue
        yield Difference(
            id=_id(books, Kind.ANSWER, event.key), kind=Kind.ANSWER,
            what=f"a comment by {event.author.name} was changed at {event.at:%Y-%m-%d %H:%M}, which was never taken in",
            plan="take the change in as if it had just been read: what the client got of it changes too",
            events=(event,),
        )  # fmt: skip


def _taken_back(books: Books, sheet: Sheet, now: datetime) -> Iterator[Difference]:
    """Answers in the chat whose comment was deleted on the board, and nobody has told so."""
    card_, there = sheet.sketch.card, {note.ref.key for note in sheet.notes}
    if sheet.sketch.seen.gone:
        return
    for reply in books.ticket.replies:
        port, _, number = reply.comment.partition(":")
        comment = Ref(port=port, id=number)
        here = number.startswith(f"{card_.id}/") and port == card_.port and "@" not in number
        if not here or reply.comment in there or removal(comment) in books.removed:
            continue
        event = AgentRemoved(
            key=removal(comment), at=now, card=card_, ticket=TicketId(books.ticket.external_id), comment=comment
        )
        certain = comment in sheet.removed or sheet.whole
        yield Difference(
            id=_id(books, Kind.ANSWER, event.key), kind=Kind.ANSWER,
            what=f"a comment that went to the client was deleted on the board ({reply.comment})",
            plan="take it back in the chat; where the chat no longer lets us, the card says so",
            doubt="" if certain else "the board counts more comments than it showed", events=(event,),
        )  # fmt: skip


# ---- what we know


def _comments(books: Books, sheet: Sheet, run: str) -> Iterator[Difference]:
    there = {each for note in sheet.notes for each in note.signs}
    covered: set[Ref] = set()
    found: set[Key] = set()
    for written in books.written:
        section = written.section
        lost = [ref for ref in written.refs if ref in sheet.lacking]
        if section is None or written.files or not lost:
            continue
        covered.update(lost)
        if sign(section.key) in there or section.key in found:
            continue
        found.add(section.key)
        name = _id(books, Kind.COMMENT, section.key)
        doubt = ""
        if any(ref in sheet.removed or removal(ref) in books.removed for ref in lost):
            doubt = "somebody deleted it on the board"
        elif written.internal:
            doubt = "it is only a note of the bot: whoever took it away may have meant it"
        order = AddComment(
            key=_order(run, name), ticket=books.ticket.id, sections=(section,), internal=written.internal
        )
        whose = "a note of ours" if written.internal else "a comment with the client's words"
        yield Difference(
            id=name, kind=Kind.COMMENT, what=f"{whose} is missing ({section.key})", plan="write it again",
            doubt=doubt, orders=(order,),
        )  # fmt: skip
    for written in books.written:
        lost = [ref for ref in written.refs if ref in sheet.lacking and ref not in covered]
        if written.section is None and not written.files and lost:
            yield Difference(
                id=_id(books, Kind.COMMENT, written.key), kind=Kind.COMMENT,
                what=f"a comment of ours is missing ({written.key})", plan="nothing: write it by hand if it matters",
                doubt="its words are no longer kept",
            )  # fmt: skip


def _files(books: Books, sheet: Sheet, run: str) -> Iterator[Difference]:
    """Files under comments that are there: known by their names, as nothing else of them is told."""
    holder: dict[str, Note] = {}
    for note in sheet.notes:
        for each in note.signs:
            holder.setdefault(each, note)
    left = {note.ref: Counter(note.files) for note in sheet.notes}
    for written in books.written:
        section = written.section
        place = holder.get(sign(section.key)) if section is not None else None
        if section is None or place is None or written.files:
            continue
        # A line of the comment may say why a file could not come: then nothing is missing.
        wanted = [file for file in section.files if file.obtainable and f"«{file.name}»" not in place.text]
        absent = _absent(wanted, left[place.ref])
        if not absent:
            continue
        names = ", ".join(file.name for file in absent)
        name = _id(books, Kind.FILE, section.key)
        edit = EditComment(
            key=_order(run, name), ticket=books.ticket.id, target=section.key,
            section=replace(section, files=absent), internal=written.internal,
        )  # fmt: skip
        yield Difference(
            id=name, kind=Kind.FILE, what=f"under a comment ({section.key}): {names} missing",
            plan="fetch it from the chat and put it there again", orders=(edit,),
        )  # fmt: skip


def _card_files(books: Books, sheet: Sheet, run: str) -> Iterator[Difference]:
    there = Counter(sheet.files)
    for written in books.written:
        if not written.files:
            continue
        absent = _absent(written.files, there)
        if not absent or not any(ref in sheet.lacking for ref in written.refs):
            continue
        name = _id(books, Kind.FILE, written.key)
        names = ", ".join(file.name for file in absent)
        yield Difference(
            id=name, kind=Kind.FILE, what=f"on the card: {names} missing",
            plan="fetch it from the chat and put it there again",
            orders=(AddFiles(key=_order(run, name), ticket=books.ticket.id, files=absent),),
        )  # fmt: skip


def _absent(wanted: Iterable[File], left: Counter[str]) -> tuple[File, ...]:
    """The wanted files that are not among those left; what is found is taken from them."""
    absent = []
    for file in wanted:
        if left[file.name] > 0:
            left[file.name] -= 1
        else:
            absent.append(file)
    return tuple(absent)


def _tags(books: Books, sheet: Sheet, policy: Policy, run: str) -> Iterator[Difference]:
    """Labels we put are put again; labels of others are nobody's business but theirs."""
    there = {tag.strip().casefold() for tag in sheet.sketch.tags}
    ticket, blocked = books.ticket, policy.blocked_tag
    wanted = [*card_tags(policy, ticket), *ticket.clock_tags]
    if blocked and books.client.blocked:
        wanted.append(blocked)
    for tag in dict.fromkeys(wanted):
        if tag.strip().casefold() in there:
            continue
        name = _id(books, Kind.TAG, tag)
        certain = tag in (*books.tagged, *ticket.clock_tags, blocked) or books.opened_under == policy.version
        yield Difference(
            id=name, kind=Kind.TAG, what=f"the tag «{tag}» is missing", plan="put it there",
            doubt="" if certain else "the mapping has changed since the request was opened: it may never have had it",
            orders=(AddTag(key=_order(run, name), ticket=ticket.id, name=tag),),
        )  # fmt: skip
    if blocked and blocked not in wanted and blocked.strip().casefold() in there:
        name = _id(books, Kind.TAG, f"-{blocked}")
        yield Difference(
            id=name, kind=Kind.TAG, what=f"the tag «{blocked}» is still there, the client is back",
            plan="take it off", orders=(RemoveTag(key=_order(run, name), ticket=ticket.id, name=blocked),),
        )  # fmt: skip


def _block(
    books: Books, sheet: Sheet, policy: Policy, run: str, link: Callable[[Ref], str | None]
) -> Iterator[Difference]:
    ticket, client = books.ticket, books.client
    block = earlier.block(policy, client, ticket)
    if not block:
        return
    if fingerprint(block) != ticket.block:
        key = Key(f"history:{client.id}:{ticket.id}:{run}")
        yield Difference(
            id=_id(books, Kind.HISTORY, "books"), kind=Kind.HISTORY,
            what="the earlier requests have changed since the card was told of them", plan="tell the card",
            events=(HistoryChanged(key=key, at=sheet.sketch.seen.at, client=client.id),),
        )  # fmt: skip
        return
    there = sheet.description
    shown = card.block_in(there)
    if card.block_in(card.within(there, card.linked(block, link))) == shown:
        return
    name = _id(books, Kind.HISTORY, "card")
    yield Difference(
        id=name, kind=Kind.HISTORY,
        what=f"the block of earlier requests is {'not as we wrote it' if shown else 'missing'}",
        plan="write it again; the words around it stay",
        orders=(SetBlock(key=_order(run, name), ticket=ticket.id, block=block),),
    )  # fmt: skip


def _deadline(books: Books, sheet: Sheet, run: str) -> Iterator[Difference]:
    ticket, there = books.ticket, sheet.sketch.due_at
    if ticket.due_at is None or (there is not None and abs(there - ticket.due_at) < SAME_TIME):
        return
    told = "none" if there is None else f"{there:%Y-%m-%d %H:%M} UTC"
    given = [*books.dues, *(at for at in ticket.deadlines if at is not None)]
    own = not ticket.due_by_hand if there is None else any(abs(there - at) < SAME_TIME for at in given)
    name = _id(books, Kind.DEADLINE, ticket.due_at.isoformat())
    yield Difference(
        id=name, kind=Kind.DEADLINE,
        what=f"the deadline is {told} on the board, {ticket.due_at:%Y-%m-%d %H:%M} UTC in our books",
        plan="set ours", doubt="" if own else "an agent set it so by hand",
        orders=(SetDeadline(key=_order(run, name), ticket=ticket.id, due_at=ticket.due_at),),
    )  # fmt: skip


def _order(run: str, difference: str) -> Key:
    """What is filed twice in one run is filed once."""
    return Key(f"{REPAIR}{run}/{difference}")


def removal(comment: Ref) -> Key:
    """The key under which adapters tell that the comment was deleted."""
    return Key(f"{comment.key}:removed")
