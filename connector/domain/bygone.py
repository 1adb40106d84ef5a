"""Cards that others made as requests of ours: whose each is, what it was about, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connector.domain.card import TITLE_LENGTH
from connector.domain.effects import Meaning
from connector.domain.policy import BoardPolicy, Policy, Topic
from connector.domain.refs import ClientId, Ref, TicketId, ticket_named, ticket_on
from connector.domain.sheet import Sketch
from connector.domain.text import shorten
from connector.domain.ticket import Outcome, Phase, Ticket

PLACEHOLDER = "import"
"""The port of clients nobody has met yet: their requests are found by the account id alone."""


class Where(StrEnum):
    """Where on a card the account id stands."""

    FIELD = "field"
    TAG = "tag"
    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """How a card tells its client's account id: `name` is the id of a field; `pattern` finds the id in the text, as
    its first group or as a whole."""

    where: Where
    pattern: re.Pattern[str]
    name: str = ""


class Fate(StrEnum):
    """What becomes of a card."""

    OURS = "ours already"
    NO_CABINET = "no account id"
    HISTORY = "history"
    ADOPT = "becomes ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bygone:
    """A card as a request; `ticket` has the number 0 until it is written down, and is None where nothing becomes of it.

    `why` tells what kept it from becoming ours.
    """

    sketch: Sketch
    fate: Fate
    cabinet: str | None = None
    ticket: Ticket | None = None
    why: str = ""


def clues(policy: Policy) -> tuple[Clue, ...]:
    """Where the mapping itself puts account ids: the field of the fact, the tag of the cabinet."""
    found = []
    rule, board = policy.cabinet, policy.board
    inner = rule.pattern if rule is not None else r".+"
    if board is not None and "cabinet" in board.fact_fields:
        found.append(Clue(where=Where.FIELD, pattern=re.compile(inner), name=board.fact_fields["cabinet"]))
    if rule is not None and rule.tag:
        before, _, after = rule.tag.partition("{cabinet}")
        pattern = re.compile(f"^{re.escape(before)}({inner}){re.escape(after)}$", re.IGNORECASE)
        found.append(Clue(where=Where.TAG, pattern=pattern))
    return tuple(found)


def cabinet_of(sketch: Sketch, found: Sequence[Clue], policy: Policy) -> str | None:
    """The account id the card tells, by the first clue that tells one the mapping would take."""
    for clue in found:
        match clue.where:
            case Where.FIELD:
                texts: Sequence[str] = [sketch.fields.get(clue.name, "")]
            case Where.TAG:
                texts = sketch.tags
            case Where.TITLE:
                texts = [sketch.title]
        for text in texts:
            match = clue.pattern.search(text.strip())
            cabinet = (match.group(1) if match.re.groups else match.group(0)).strip() if match else ""
            if cabinet and (policy.cabinet is None or re.fullmatch(policy.cabinet.pattern, cabinet)):
                return cabinet
    return None


def bygone(
    sketch: Sketch,
    policy: Policy,
    board: BoardPolicy,
    *,
    found: Sequence[Clue],
    clients: Mapping[str, Sequence[ClientId]],
    known: bool,
    adopt: bool,
    now: datetime,
    topic: str | None = None,
) -> Bygone:
    """What the card would become. `clients` are those who have each account id; `known`: it is a request of ours.

    A card that carries an id of ours which nobody knows any more, as after the restore of an older backup, becomes ours
    under that very id: what was kept aside about it then has a home.
    """
    if known:
        return Bygone(sketch=sketch, fate=Fate.OURS)
    cabinet = cabinet_of(sketch, found, policy)
    if cabinet is None:
        return Bygone(sketch=sketch, fate=Fate.NO_CABINET)
    about = _topic(sketch, policy, board, topic)
    meaning = board.columns.get(sketch.seen.column)
    over = sketch.seen.gone or meaning is Meaning.DONE or (meaning is None and sketch.closed_at is not None)
    owners = clients.get(cabinet, ())
    opened = sketch.created_at or now
    former = ticket_on(sketch.external_id)
    ticket = Ticket(
        id=ticket_of(sketch.card),
        number=0,
        client=owners[0] if len(owners) == 1 else ClientId(f"{PLACEHOLDER}:{cabinet}"),
        topic=about.key if about is not None else "",
        service_class=board.lanes.get((sketch.seen.board, sketch.seen.lane or ""))
        or (about.service_class if about is not None else ""),
        cabinet=cabinet,
        subject=shorten(sketch.title, TITLE_LENGTH),
        opened_at=opened,
        phase=Phase.DONE if over else Phase(meaning.value) if meaning is not None else Phase.QUEUE,
        phase_at=now,
        closed_at=(sketch.closed_at or sketch.changed_at or opened) if over else None,
        outcome=Outcome.DONE if over else None,
        card=sketch.card,
        board=sketch.seen.board,
        lane=sketch.seen.lane,
        seen=sketch.seen.version,
        responsible=sketch.seen.responsible,
        due_at=sketch.due_at,
        deadlines=(sketch.due_at,),
    )
    why = ""
    if adopt and not over:
        if not owners:
            why = "nobody with that account id has written yet"
        elif len(owners) > 1:
            why = f"{len(owners)} clients have that account id"
        elif sketch.external_id and former is None:
            why = "it carries another external id"
        elif about is None:
            why = "no topic of the mapping is on its board"
        else:
            if former is not None:
                ticket = replace(ticket, id=former[0], generation=former[1])
            return Bygone(sketch=sketch, fate=Fate.ADOPT, cabinet=cabinet, ticket=ticket)
    elif former is not None and not over:
        why = "a request of a former database: --adopt takes it back"
    return Bygone(sketch=sketch, fate=Fate.HISTORY, cabinet=cabinet, ticket=ticket, why=why)


def ticket_of(card: Ref) -> TicketId:
    """The id of the request that a card of somebody else becomes: the same however often it is imported."""
    return ticket_named(f"{PLACEHOLDER}/{card.key}")


def _topic(sketch: Sketch, policy: Policy, board: BoardPolicy, named: str | None) -> Topic | None:
    """The topic named; else, of those on the card's board, the one most of whose tags the card carries."""
    if named is not None:
        return policy.topic(named)
    here = {key for (key, _), spot in board.spots.items() if spot.board == sketch.seen.board}
    candidates = [topic for topic in policy.topics if topic.key in here]
    tags = set(sketch.tags)
    return max(candidates, key=lambda topic: len(tags & set(topic.tags)), default=None)
