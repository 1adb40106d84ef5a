"""What happens when something changed on the board: an agent's comment, or the card itself."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import commands, deadlines, holding, notices, promises, spreading, taking
from connector.domain.decide.amending import rewrite, take_back
from connector.domain.decide.replies import answer_to, dress, public, shown
from connector.domain.decide.turn import Turn
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, CardSeen
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Held, Outcome, Phase, Reply, Ticket
from connector.domain.words import File, Text


def commented(turn: Turn, event: AgentCommented) -> None:
    """A public comment is an answer: it goes to the client, whether the request is still open or not.

    A comment that orders something from the bot is none.
    """
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or commands.ordered(turn, ticket, event):
        return
    words = public(turn.policy.public, event.text, event.internal, event.author.name, ticket.phase)
    if words is not None:
        holding.answer(turn, ticket, _answer(event, words, event.files))


def edited(turn: Turn, event: AgentEdited) -> None:
    """What the client got of the comment, or is about to get, changes with it; a hidden one is taken back.

    A comment that was not public does not go to the client because it was edited: of one we no longer remember the
    first message is edited, which does nothing where nothing was sent. Where and by whom a comment is public was
    decided when it was written.
    """
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or commands.reordered(turn, ticket, event):
        return
    rule, key = turn.policy.public, event.comment.key
    reply, held = answer_to(ticket, key), holding.held(ticket, key)
    if reply is None and held is None:
        words = public(rule, event.text, event.internal, event.author.name, ticket.phase)
        if words is not None and holding.suspected(turn.policy.guard, words) is None:
            first = Reply(comment=key, texts=(Key(f"reply/{key}/0"),))
            rewrite(turn, ticket, first, dress(turn, ticket, event.author.name, words))
        return
    words = shown(rule, event.text, event.internal)
    if words is None:
        ticket = holding.dropped(turn, ticket, key)
        if reply is not None:
            take_back(turn, ticket, reply)
    elif held is not None:
        holding.changed(turn, ticket, held, words)
    else:
        holding.answer(turn, ticket, _answer(event, words, ()))


def _answer(event: AgentCommented | AgentEdited, words: Text, files: tuple[File, ...]) -> Held:
    return Held(comment=event.comment.key, author=event.author.name, at=event.at, text=words, files=files)


def removed(turn: Turn, event: AgentRemoved) -> None:
    """What the client got of the comment is taken back; what they were about to get does not go."""
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None:
        return
    key = event.comment.key
    reply, held = answer_to(ticket, key), holding.held(ticket, key)
    ticket = holding.dropped(turn, ticket, key)
    if reply is None and held is None:
        reply = Reply(comment=key, texts=(Key(f"reply/{key}/0"),))
    if reply is not None:
        take_back(turn, ticket, reply)


def attached(turn: Turn, event: AgentAttached) -> None:
    """A file follows its comment to the client: only when the comment went or goes there, and the file did not yet.

    Nothing tells whether a comment we no longer remember was public; so its late files stay with the agents.
    """
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or event.internal or event.file.ref.key in ticket.relayed:
        return
    reply, held = answer_to(ticket, event.comment.key), holding.held(ticket, event.comment.key)
    if held is not None:
        holding.joined(turn, ticket, held, event.file)
    elif reply is not None and turn.client.incident is not None:
        spreading.followed(turn, ticket, reply.comment, event.file)
    elif reply is not None:
        holding.late(turn, ticket, reply, event.author.name, event.file)


def seen(turn: Turn, event: CardSeen) -> None:
    """Compares the card with what the ticket remembers; the client hears of a change that means something to them."""
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or event.version < ticket.seen or not _this_card(ticket, event):
        return
    # Who has the card is no part of its version.
    known = event.version == ticket.seen and not event.checked
    if known and (event.gone or event.responsible == ticket.responsible):
        return
    board = turn.policy.board
    if event.gone or (board is not None and event.board not in board.boards):
        # Out of our sight. The next words of the client order a new one; nobody needs it before.
        turn.keep(replace(ticket, seen=event.version, card=None, former=event.card))
        return
    if board is None:
        turn.keep(replace(ticket, sighted=event))
        return
    before = ticket
    ticket = replace(
        ticket,
        seen=event.version,
        card=event.card,
        board=event.board,
        lane=event.lane,
        responsible=event.responsible,
    )
    ticket = taking.seen(turn.policy, before, ticket)
    if board is not None:
        # The lane is the service class. A lane it has stood in all along says nothing new: a class may be on its way.
        if event.lane is not None and (event.board, event.lane) != (before.board, before.lane):
            ticket = promises.reclassed(turn, ticket, board.lanes.get((event.board, event.lane)))
        meaning = board.columns.get(event.column)
        if meaning is not None and ticket.moving is None:
            ticket = replace(ticket, phase=Phase(meaning.value))
    if ticket.phase is Phase.OPENING:
        ticket = replace(ticket, phase=Phase.QUEUE)
    if ticket.phase is not before.phase:
        ticket = replace(ticket, phase_at=event.at)
    if ticket.open != before.open:
        closed_at, outcome = (None, None) if ticket.open else (event.at, Outcome.DONE)
        # What was promised was for the first end.
        promised_at = None if ticket.open else ticket.promised_at
        ticket = replace(ticket, closed_at=closed_at, outcome=outcome, promised_at=promised_at, merged_into=None)
    ticket = deadlines.looked_at(before, ticket, event.due_at)
    turn.keep(ticket)
    deadlines.told(turn, before, ticket)
    notices.tell_phase(turn, before, ticket)


def _this_card(ticket: Ticket, event: CardSeen) -> bool:
    """Whether it is the ticket's present card, not one that was given up."""
    if ticket.card is not None:
        return ticket.card == event.card
    if event.ticket is None:
        return ticket.lost and ticket.former == event.card
    generation = event.ticket.partition(".")[2] or "1"
    return generation == str(ticket.generation)


def _ticket(turn: Turn, external: TicketId | None, card: Ref) -> Ticket | None:
    """The client's ticket that the card belongs to: by the id it carries, else by the card itself."""
    if external is not None:
        found = turn.ticket(TicketId(external.partition(".")[0]))
        if found is not None:
            return found
    return next((each for each in turn.client.tickets if card in (each.card, each.former)), None)
