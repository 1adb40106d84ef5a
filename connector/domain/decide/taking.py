"""Whose a request is: given to somebody as it opens, taken by somebody later, and what the board says of it."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import notices
from connector.domain.decide.replies import visible
from connector.domain.decide.turn import Turn
from connector.domain.effects import AnswerTap, AssignCard, Meaning, MoveCard, Urgency
from connector.domain.events import TakeAsked
from connector.domain.people import AgentRule
from connector.domain.policy import Policy
from connector.domain.routing import choose
from connector.domain.say import say
from connector.domain.ticket import Past, Phase, Ticket


def user_of(policy: Policy, agent: str) -> str | None:
    """The board's user who is that agent of the mapping; None before the board was reached."""
    return policy.board.agents.get(agent) if policy.board is not None else None


def holder(policy: Policy, user: str | None) -> str | None:
    """How a ticket names a user of the board; None for nobody, and for the one who only marks where a card is from."""
    board = policy.board
    if user is None or board is None or any(spot.responsible == user for spot in board.spots.values()):
        return None
    agent = next((key for key, known in board.agents.items() if known == user), None)
    return agent or next((name for name, known in board.users.items() if known == user), user)


def holder_named(policy: Policy, name: str) -> str | None:
    """The same for somebody known by their name on the board; None for an empty name."""
    board, seen = policy.board, visible(name)
    user = next((each for known, each in board.users.items() if visible(known) == seen), None) if board else None
    return holder(policy, user) if user is not None else name or None


def shown(policy: Policy, taken: str) -> str:
    """The name of whoever has a ticket, for other agents."""
    agent = policy.people.agents.get(taken)
    return agent.name if agent is not None else taken


def assigned(turn: Turn, ticket: Ticket) -> Ticket:
    """A new ticket as routing has it: in the hands of one agent, or in the pool; nothing is kept here.

    Needs `around.load`; without it the ticket stays in the pool.
    """
    policy, around = turn.policy, turn.client.around
    if not policy.people.routing.assign or around is None or policy.board is None:
        return ticket
    own = {each.id: past for each in turn.client.tickets for past in (_past(each),)}
    past = [*own.values(), *(each for each in turn.client.past if each.id not in own)]
    choice = choose(
        policy.people,
        topic=ticket.topic,
        service_class=ticket.service_class,
        cabinet=ticket.cabinet,
        at=turn.at,
        load=around.load,
        past=past,
    )
    return ticket if choice.agent is None else replace(ticket, taken=choice.agent.key)


def _past(ticket: Ticket) -> Past:
    return Past(
        id=ticket.id,
        number=ticket.number,
        topic=ticket.topic,
        subject=ticket.subject,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
        taken=ticket.taken,
    )


def tell_pool(turn: Turn, ticket: Ticket) -> None:
    """Where a new request should have been given to somebody and could not be, its card says so."""
    if turn.policy.people.routing.assign and turn.policy.board is not None and ticket.taken is None:
        turn.note("nobody", ticket.id, "note.nobody")


def take(turn: Turn, ticket: Ticket, user: str) -> bool:
    """The card becomes that user's, and goes to where cards in work stand. Whether it moves there."""
    turn.effects.append(AssignCard(key=turn.name("assign"), ticket=ticket.id, user=user))
    taken = replace(ticket, taken=holder(turn.policy, user))
    turn.keep(taken)
    board = turn.policy.board
    lands = board is not None and ticket.board is not None and (ticket.board, Meaning.WORK) in board.landing
    if not ticket.open or ticket.phase is Phase.WORK or not lands or ticket.board is None:
        return False
    turn.effects.append(MoveCard(key=turn.name("move"), ticket=ticket.id, meaning=Meaning.WORK, board=ticket.board))
    moved = replace(taken, phase=Phase.WORK, phase_at=turn.at, moving=Phase.WORK)
    turn.keep(moved)
    notices.tell_phase(turn, ticket, moved)
    return True


def asked(turn: Turn, event: TakeAsked) -> None:
    """An agent's tap: the first one has the request, whoever comes later is told who has it."""
    policy = turn.policy
    ticket = turn.ticket(event.ticket)
    user = user_of(policy, event.agent)
    if ticket is None or not ticket.open:
        notice = _phrase(policy, "desk.closed")
    elif ticket.taken is not None:
        own = ticket.taken == event.agent
        name = "desk.yours" if own else "desk.taken_by"
        notice = _phrase(policy, name, name=shown(policy, ticket.taken))
    elif user is None:
        notice = _phrase(policy, "desk.no_board")
    else:
        take(turn, ticket, user)
        notice = _phrase(policy, "desk.taken", number=ticket.number)
    turn.effects.append(
        AnswerTap(
            key=turn.name("tap"), ticket=None, chat=event.chat, tap=event.tap, notice=notice,
            urgency=Urgency.ACKNOWLEDGE,
        )
    )  # fmt: skip


def _phrase(policy: Policy, name: str, /, **values: object) -> str:
    return say(policy, policy.default_language, name, **values)


def give(turn: Turn, ticket: Ticket, user: str) -> None:
    """The card becomes that user's, where it stands."""
    turn.effects.append(AssignCard(key=turn.name("assign"), ticket=ticket.id, user=user))
    turn.keep(replace(ticket, taken=holder(turn.policy, user)))


def seen(policy: Policy, before: Ticket, ticket: Ticket) -> Ticket:
    """The ticket after a look at its card: who is responsible there has it. Nobody any more: it is in the pool."""
    if ticket.responsible == before.responsible:
        return ticket
    now = holder_named(policy, ticket.responsible or "")
    if now is not None:
        return replace(ticket, taken=now)
    return replace(ticket, taken=None) if holder_named(policy, before.responsible or "") is not None else ticket


def spoke(policy: Policy, ticket: Ticket, author: str) -> Ticket:
    """The ticket after an agent's answer: whoever answers what nobody has, has it."""
    return ticket if ticket.taken is not None else replace(ticket, taken=holder_named(policy, author))


def agent_of(policy: Policy, ticket: Ticket) -> AgentRule | None:
    """The agent of the mapping who has it."""
    return policy.people.agents.get(ticket.taken) if ticket.taken is not None else None
