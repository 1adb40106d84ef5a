"""Who a client is, as the operator says: chats of one person, a cabinet that was wrong; and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connector.domain import card
from connector.domain.client import Client
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import card_tags
from connector.domain.effects import AddTag, RemoveTag, SetFacts
from connector.domain.events import AmendmentUndone, CabinetAmended, HistoryChanged, PersonAmended
from connector.domain.person import AMENDMENTS, Amendment, Identity, Touched, in_place_of, undone
from connector.domain.ticket import Ticket

FACTS = ("cabinet", "verified")
"""What a mapping may put into fields of a card and hangs on the cabinet."""


def person(turn: Turn, event: PersonAmended) -> None:
    """The chats of a person know of each other, and each is offered the cabinets of all; nobody is told."""
    client = turn.client
    own = tuple(each for each in client.cabinets if each not in client.shared)
    shared = tuple(each for each in event.offered if each not in own)
    cabinets = (*own, *shared)
    cabinet = client.cabinet if client.cabinet in cabinets else (cabinets[-1] if cabinets else None)
    unverified = (
        *(each for each in client.unverified if each in own),
        *(each for each in event.unverified if each in shared),
    )
    after = Identity(cabinets=cabinets, cabinet=cabinet, unverified=unverified, shared=shared, same=event.same)
    touched = []
    if set(client.same) - set(event.same):
        for ticket in client.tickets:
            if ticket.open and ticket.earlier:
                # They were counted together with those of chats that are somebody else's now.
                touched.append(_touched(ticket, ticket.cabinet))
                turn.keep(replace(ticket, earlier=0))
    _amended(turn, event, after, touched)


def cabinet(turn: Turn, event: CabinetAmended) -> None:
    """The client and their requests lose the cabinet, or carry another; their open cards follow; nobody is told."""
    client, wrong, instead = turn.client, event.cabinet, event.instead
    cabinets = in_place_of(client.cabinets, wrong, instead)
    current = client.cabinet
    if current == wrong:
        current = instead or (cabinets[-1] if cabinets else None)
    after = replace(
        _identity(client),
        cabinets=cabinets,
        cabinet=current,
        unverified=in_place_of(client.unverified, wrong, None),
        shared=in_place_of(client.shared, wrong, instead),
    )
    carrying = [ticket for ticket in client.tickets if ticket.cabinet == wrong]
    touched = [_touched(ticket, instead) for ticket in carrying]
    _amended(turn, event, after, touched)
    for ticket in carrying:
        _carry(turn, replace(ticket, cabinet=instead, earlier=0 if ticket.open else ticket.earlier))


def undo(turn: Turn, event: AmendmentUndone) -> None:
    """Everything is as it was before the client's last change, but for what the client did themselves since."""
    client = turn.client
    last = client.amended[-1] if client.amended else None
    if last is None or last.key != event.change:
        return
    before, after, now = last.before, last.after, _identity(client)
    cabinets = undone(before.cabinets, after.cabinets, now.cabinets)
    cabinet = before.cabinet if now.cabinet == after.cabinet else now.cabinet
    if cabinet not in cabinets:
        cabinet = cabinets[-1] if cabinets else None
    _become(
        turn,
        Identity(
            cabinets=cabinets,
            cabinet=cabinet,
            unverified=undone(before.unverified, after.unverified, now.unverified),
            shared=undone(before.shared, after.shared, now.shared),
            same=undone(before.same, after.same, now.same),
        ),
        client.amended[:-1],
    )
    for touched in last.tickets:
        ticket = turn.ticket(touched.ticket)
        if ticket is None or ticket.cabinet != touched.after:
            continue
        _carry(turn, replace(ticket, cabinet=touched.before, earlier=ticket.earlier or touched.earlier))
    _retell(turn)


def _identity(client: Client) -> Identity:
    return Identity(
        cabinets=client.cabinets,
        cabinet=client.cabinet,
        unverified=client.unverified,
        shared=client.shared,
        same=client.same,
    )


def _touched(ticket: Ticket, cabinet: str | None) -> Touched:
    return Touched(ticket=ticket.id, before=ticket.cabinet, after=cabinet, earlier=ticket.earlier)


def _amended(turn: Turn, event: PersonAmended | CabinetAmended, after: Identity, touched: Sequence[Touched]) -> None:
    amendment = Amendment(
        key=event.change,
        at=event.at,
        what=event.what,
        among=event.among,
        before=_identity(turn.client),
        after=after,
        tickets=tuple(touched),
    )
    _become(turn, after, (*turn.client.amended, amendment)[-AMENDMENTS:])
    _retell(turn)


def _become(turn: Turn, who: Identity, amended: tuple[Amendment, ...]) -> None:
    turn.client = replace(
        turn.client,
        cabinets=who.cabinets,
        cabinet=who.cabinet,
        unverified=who.unverified,
        shared=who.shared,
        same=who.same,
        amended=amended,
    )


def _retell(turn: Turn) -> None:
    """The blocks on their open cards are told anew, once all of this is saved; an empty one is taken away."""
    named = tuple(ticket.id for ticket in turn.client.tickets if ticket.open and not ticket.lost)
    if named:
        turn.tells.append(HistoryChanged(key=turn.name("history"), at=turn.at, client=turn.client.id, tickets=named))


def _carry(turn: Turn, ticket: Ticket) -> None:
    """The request as given takes the place of its former self; on its open card labels and fields follow its cabinet.

    The words on top of the card are as they were written: a note tells agents better.
    """
    before = turn.ticket(ticket.id)
    turn.keep(ticket)
    if before is None or before.cabinet == ticket.cabinet or not ticket.open or ticket.lost:
        return
    policy = turn.policy
    had, wanted = card_tags(policy, before), card_tags(policy, ticket)
    for number, name in enumerate(each for each in had if each not in wanted):
        key = turn.name(f"cabinet-off/{ticket.id}/{number}")
        turn.effects.append(RemoveTag(key=key, ticket=ticket.id, name=name))
    for number, name in enumerate(each for each in wanted if each not in had):
        key = turn.name(f"cabinet-on/{ticket.id}/{number}")
        turn.effects.append(AddTag(key=key, ticket=ticket.id, name=name))
    known = card.facts(policy, turn.client, ticket)
    facts = {name: known.get(name, "") for name in FACTS}
    turn.effects.append(SetFacts(key=turn.name(f"facts/{ticket.id}"), ticket=ticket.id, facts=facts))
    name = "card.cabinet_now" if ticket.cabinet else "card.cabinet_off"
    turn.note(f"cabinet/{ticket.id}", ticket.id, name, cabinet=ticket.cabinet or "", was=before.cabinet or "")
