"""Orders that put a request elsewhere on the board: to a person, into a class, under a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.domain import card
from connector.domain.decide import clocks, deadlines, promises, taking
from connector.domain.decide.ordering import Order, answer, no_such, phrase, refuse, tell, without_more, word_for
from connector.domain.decide.replies import visible
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddTag, RemoveTag, ReplaceCard, SetFacts
from connector.domain.policy import Command, Policy, Topic
from connector.domain.say import moment, title
from connector.domain.ticket import Ticket


def take(turn: Turn, ticket: Ticket, order: Order, author: str) -> None:
    """The card is the author's, and stands where cards in work do."""
    if not without_more(turn, ticket, order):
        return
    user = _users(turn.policy).get(visible(author))
    if user is None:
        refuse(turn, ticket, order, phrase(turn, "order.not_on_board", name=author))
        return
    moves = taking.take(turn, ticket, user)
    tell(turn, ticket, "order.taken" if moves else "order.assigned", name=author)


def assign(turn: Turn, ticket: Ticket, order: Order) -> None:
    """The card is given to whom the words name: by name or username, or by a beginning that only one has."""
    users = _users(turn.policy)
    who = order.words.lstrip("@")
    name = visible(who)
    if not name:
        refuse(turn, ticket, order, phrase(turn, "order.no_name"))
        return
    meant = {users[name]} if name in users else {user for each, user in users.items() if each.startswith(name)}
    if len(meant) != 1:
        known = _shown_users(turn.policy)
        if meant:
            board = turn.policy.board
            names = ", ".join(each for each in known if board is not None and board.users[each] in meant)
            problem = phrase(turn, "order.several", name=who, choices=names)
        else:
            problem = no_such(turn, who, known)
        refuse(turn, ticket, order, problem)
        return
    taking.give(turn, ticket, next(iter(meant)))
    full = next((each for each in _shown_users(turn.policy) if visible(each).startswith(name)), who)
    tell(turn, ticket, "order.assigned", name=full)


def _users(policy: Policy) -> Mapping[str, str]:
    users = policy.board.users if policy.board is not None else {}
    return {visible(name): user for name, user in users.items()}


def _shown_users(policy: Policy) -> list[str]:
    return sorted(policy.board.users) if policy.board is not None else []


def classify(turn: Turn, ticket: Ticket, order: Order) -> None:
    """Another service class: its lane where the card stands, its deadline counted from when the request was opened.

    A deadline that an agent set by hand stays; naming the class the request is in already gives it back to the clock.
    """
    policy = turn.policy
    named = visible(order.words)
    found = next(
        (
            each
            for each in policy.classes.values()
            if named and named in (visible(each.key), *map(visible, each.title.values()))
        ),
        None,
    )
    titles = [title(each.title, policy, policy.default_language) or each.key for each in policy.classes.values()]
    if not named:
        refuse(turn, ticket, order, phrase(turn, "order.no_class", choices=", ".join(titles)))
        return
    if found is None:
        refuse(turn, ticket, order, no_such(turn, order.words[:80], [*titles, *policy.classes]))
        return
    shown = title(found.title, policy, policy.default_language) or found.key
    if found.key == ticket.service_class and ticket.open and ticket.due_by_hand:
        deadlines.give_back(turn, ticket)
        tell(turn, ticket, "order.deadline_again", title=shown, until=_until(turn, ticket))
        return
    if found.key == ticket.service_class:
        refuse(turn, ticket, order, phrase(turn, "order.class_already", title=shown))
        return
    if not ticket.open:
        refuse(turn, ticket, order, phrase(turn, "order.closed_already", number=ticket.number))
        return
    ticket = promises.reclassed(turn, ticket, found.key)
    turn.keep(ticket)
    _replace_card(turn, ticket, None)
    _set_facts(turn, ticket, "class")
    if ticket.due_by_hand:
        told = phrase(turn, "order.classed_only", title=shown)
        answer(turn, ticket, f"{told}\n{_by_hand(turn, ticket)}")
    else:
        tell(turn, ticket, "order.classed", title=shown, until=_until(turn, ticket))


def _until(turn: Turn, ticket: Ticket) -> str:
    policy = turn.policy
    if ticket.due_at is None:
        return "—"
    return moment(policy, policy.default_language, ticket.due_at, turn.at, ticket.service_class)


def _by_hand(turn: Turn, ticket: Ticket) -> str:
    """That the deadline an agent set stays, what the clock would give, and how to give it back to the clock."""
    policy = turn.policy
    service = policy.classes.get(ticket.service_class)
    named = (title(service.title, policy, policy.default_language) if service is not None else "") or (
        ticket.service_class
    )
    word = word_for(policy.commands, Command.CLASS)
    return phrase(turn, "order.deadline_by_hand", until=_until(turn, ticket), word=f"{word} {named}")


def retopic(turn: Turn, ticket: Ticket, order: Order) -> None:
    """Another topic: its board and lane, its tags for those of the old one; clock and conversation stay."""
    policy = turn.policy
    found = topic_named(turn, order.words) if order.words else None
    if found is None:
        refuse(turn, ticket, order, no_such_topic(turn, order.words))
        return
    shown = card.topic_title(policy, policy.default_language, found.key)
    if found.key == ticket.topic:
        refuse(turn, ticket, order, phrase(turn, "order.topic_already", title=shown))
        return
    if not ticket.open:
        refuse(turn, ticket, order, phrase(turn, "order.closed_already", number=ticket.number))
        return
    old = policy.topic(ticket.topic)
    before = tuple(each for each in old.tags if each not in ticket.labels) if old is not None else ()
    ticket = replace(ticket, topic=found.key)
    turn.keep(ticket)
    _replace_card(turn, ticket, found.key)
    for number, name in enumerate(each for each in before if each not in found.tags):
        turn.effects.append(RemoveTag(key=turn.name(f"tag-off/{number}"), ticket=ticket.id, name=name))
    for number, name in enumerate(each for each in found.tags if each not in before):
        turn.effects.append(AddTag(key=turn.name(f"tag-on/{number}"), ticket=ticket.id, name=name))
    _set_facts(turn, ticket, "topic")
    told = phrase(turn, "order.retopiced", title=shown)
    if ticket.due_by_hand:
        told += f"\n{_by_hand(turn, clocks.as_if(turn, ticket))}"
    answer(turn, ticket, told)


def topic_named(turn: Turn, words: str) -> Topic | None:
    """The topic of that key, or of that title in any language."""
    named = visible(words)
    return next(
        (each for each in turn.policy.topics if named in (visible(each.key), *map(visible, each.title.values()))), None
    )


def no_such_topic(turn: Turn, words: str) -> str:
    """Which topics there are, and which one is most like the words."""
    policy = turn.policy
    titles = [card.topic_title(policy, policy.default_language, each.key) for each in policy.topics]
    if not words:
        return phrase(turn, "order.no_topic", choices=", ".join(titles))
    return no_such(turn, words[:80], [*titles, *(each.key for each in policy.topics)])


def _replace_card(turn: Turn, ticket: Ticket, topic: str | None) -> None:
    """To the topic's own place; without a topic the card stays on its board, which may be a further line's."""
    if not ticket.due_by_hand:
        turn.keep(deadlines.given(ticket))
    turn.effects.append(
        ReplaceCard(
            key=turn.name("replace"),
            ticket=ticket.id,
            topic=ticket.topic if topic is None and ticket.board is None else topic,
            service_class=ticket.service_class,
            board=ticket.board,
            due_at=ticket.due_at if not ticket.due_by_hand else None,
            keeps_due=ticket.due_by_hand,
        )
    )


def _set_facts(turn: Turn, ticket: Ticket, name: str) -> None:
    """The fact that changed, where the mapping gives it a field."""
    board = turn.policy.board
    value = card.facts(turn.policy, turn.client, ticket).get(name)
    if board is not None and name in board.fact_fields and value:
        turn.effects.append(SetFacts(key=turn.name("facts"), ticket=ticket.id, facts={name: value}))
