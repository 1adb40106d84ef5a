"""What happens in a chat of agents: it is linked, shows notices and the queue, and lets a request be taken."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain import card
from connector.domain.around import UNSEEING, Look, Sight
from connector.domain.client import Client
from connector.domain.decide.turn import Buttons, Turn, paragraphs
from connector.domain.desk import Desk, Notice, Posted
from connector.domain.effects import AnswerTap, Button, EditMessage, SendMessage, Urgency
from connector.domain.events import ClientTapped, ClientWrote, NoticeEnded, SnoozeAsked, TakeAsked
from connector.domain.people import AgentRule
from connector.domain.policy import Policy
from connector.domain.refs import Key, TicketId
from connector.domain.say import moment, say, title
from connector.domain.text import shorten, split
from connector.domain.ticket import Promise, Ticket
from connector.domain.words import Text

_COMMAND = re.compile(r"/(agent|team|queue|promises|client|unlink)(?:@\w+)?(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_TAPS = ("take", "snooze", "queue")
IN_QUEUE = 10
"""Requests the queue shows, each with its button."""
SLIPPING = timedelta(hours=1)
"""A promise is about to be broken so long before its time, or when the client is warned, if that is earlier."""
IN_DIGEST = 20
"""Lines of the digest."""
SUBJECT = 60
"""Characters of what a request is about."""


def _command(event: ClientWrote) -> tuple[str, str] | None:
    """The word of a command for agents, and what follows it."""
    words = event.words
    if words.files or words.forwarded_from is not None or not event.addressed:
        return None
    found = _COMMAND.fullmatch(words.text.plain.strip())
    return (found[1].lower(), (found[2] or "").strip()) if found is not None else None


def looks(client: Client, event: ClientWrote | ClientTapped) -> Look:
    """What the decision must see besides the client."""
    if isinstance(event, ClientWrote):
        match _command(event):
            case (("agent" | "team"), code) if code:
                return Look(sight=Sight.CODE, code=code)
            case "queue", _ if client.desk is not None:
                return Look(sight=Sight.POOL)
            case "promises", _ if client.desk is not None:
                return Look(sight=Sight.PROMISES)
            case _:
                return UNSEEING
    kind, _, value = event.data.partition(":")
    if client.desk is None or kind not in _TAPS:
        return UNSEEING
    if kind == "queue":
        return Look(sight=Sight.LINKS | Sight.POOL)
    return Look(sight=Sight.LINKS | Sight.HOME, named=(TicketId(value),))


# ---- linking


def wrote(turn: Turn, event: ClientWrote) -> bool:
    """Whether the words were for the desk: a command, or anything in a chat that is not there for clients.

    A team's group never opens a request. An agent's own chat does after /client, until /client is written again.
    """
    desk, command = turn.client.desk, _command(event)
    match command:
        case ("agent" | "team") as kind, code:
            _link(turn, event, kind, code)
            return True
        case "queue", _ if desk is not None:
            _show_queue(turn, desk)
            return True
        case "promises", _ if desk is not None:
            _show_promises(turn, desk)
            return True
        case "client", _ if desk is not None and desk.agent is not None:
            turn.client = replace(turn.client, desk=replace(desk, as_client=not desk.as_client))
            _tell(turn, "desk", _say(turn, "desk.back" if desk.as_client else "desk.as_client"))
            return True
        case "unlink", _ if desk is not None:
            unlinked(turn)
            return True
    if desk is None or desk.as_client:
        return False
    if desk.agent is not None:
        _tell(turn, "desk", _say(turn, "desk.hint"))
    return True


def _link(turn: Turn, event: ClientWrote, kind: str, code: str) -> None:
    around, people = turn.client.around, turn.policy.people
    if (kind == "agent") != (event.group is None):
        _tell(turn, "desk", _say(turn, "desk.only_private" if kind == "agent" else "desk.only_group"))
        return
    found = around.code if around is not None else None
    known = found is not None and (
        found.agent in people.agents if kind == "agent" else found.team is not None and found.team in people.teams
    )
    if found is None or not known:
        _tell(turn, "desk", _say(turn, "desk.bad_code"))
        return
    desk = turn.client.desk or Desk()
    agent, team = (found.agent, None) if kind == "agent" else (None, found.team)
    if (desk.agent, desk.team) != (agent, team):
        desk = Desk()
    turn.client = replace(
        turn.client, desk=replace(desk, agent=agent, team=team, person=event.author.ref, code=found.digest)
    )
    if agent is not None:
        _tell(turn, "desk", _say(turn, "desk.linked_agent", name=people.agents[agent].name))
    elif team is not None:
        _tell(turn, "desk", _say(turn, "desk.linked_team", name=people.teams[team].title))


def unlinked(turn: Turn) -> None:
    """The chat is one like any other again. What stands in it can no longer be tapped."""
    if turn.client.desk is None:
        return
    for posted in turn.client.desk.posted:
        if posted.order is not None:
            _edit(turn, posted.order, f"gone/{posted.notice.id}", posted.notice.line)
    turn.client = replace(turn.client, desk=None)
    _tell(turn, "desk", _say(turn, "desk.unlinked"))


def closed_to_clients(client: Client) -> bool:
    """Whether what is written in this chat goes to no request."""
    return client.desk is not None and not client.desk.as_client


# ---- notices


def returned(turn: Turn) -> None:
    """Whoever let the bot in again sees what they have missed, in one message."""
    desk = turn.client.desk
    if desk is None or not desk.posted:
        return
    posted = tuple(replace(each, order=None) for each in desk.posted)
    turn.client = replace(turn.client, desk=replace(desk, posted=posted, digest=None))
    _digest(turn)


def raised(turn: Turn, notice: Notice) -> None:
    """The notice stands in the chat once: as a message of its own, or above the cap as a line of the digest."""
    desk = turn.client.desk
    if desk is None:
        return
    known = next((each for each in desk.posted if each.notice.id == notice.id), None)
    if known is not None:
        if known.notice == notice:
            return
        fresh = replace(known, notice=notice, hushed="")
        _keep(turn, tuple(fresh if each is known else each for each in desk.posted))
        if fresh.order is not None:
            _edit(turn, fresh.order, f"again/{notice.id}", notice.line, _buttons(turn, notice))
        else:
            _digest(turn)
        return
    single = sum(each.order is not None for each in desk.posted) < turn.policy.escalation.digest_above
    order = Key(f"{notice.id}@{turn.client.id}") if single else None
    _keep(turn, (*desk.posted, Posted(notice=notice, order=order)))
    if order is not None:
        _send(turn, order, notice.line, _buttons(turn, notice))
    else:
        _digest(turn)


def ended(turn: Turn, event: NoticeEnded) -> None:
    """The notice says how the wait ended, and can no longer be tapped."""
    desk = turn.client.desk
    known = next((each for each in desk.posted if each.notice.id == event.notice), None) if desk is not None else None
    if desk is None or known is None:
        return
    _keep(turn, tuple(each for each in desk.posted if each is not known))
    if known.order is not None:
        _edit(turn, known.order, f"end/{event.notice}", paragraphs(known.notice.line, event.words))
    else:
        _digest(turn)


def _digest(turn: Turn) -> None:
    """One message with a line for each notice that has none of its own: edited in place while any are left."""
    desk = turn.client.desk
    assert desk is not None
    lines = [each.notice.line for each in desk.posted if each.order is None]
    if not lines and desk.digest is not None:
        _edit(turn, desk.digest, "digest", _say(turn, "desk.digest_done"))
        turn.client = replace(turn.client, desk=replace(desk, digest=None))
        return
    shown = [f"• {line}" for line in lines[:IN_DIGEST]]
    if len(lines) > IN_DIGEST:
        shown.append(_say(turn, "desk.more", count=len(lines) - IN_DIGEST))
    text = paragraphs(_say(turn, "desk.digest", count=len(lines)), "\n".join(shown))
    buttons: Buttons = ((Button(label=_say(turn, "desk.button_queue"), data="queue:"),),)
    if desk.digest is not None:
        _edit(turn, desk.digest, "digest", text, buttons)
        return
    order = Key(f"digest/{turn.client.id}/{turn.key}")
    turn.client = replace(turn.client, desk=replace(desk, digest=order))
    _send(turn, order, text, buttons)


def _keep(turn: Turn, posted: tuple[Posted, ...]) -> None:
    assert turn.client.desk is not None
    turn.client = replace(turn.client, desk=replace(turn.client.desk, posted=posted))


def _buttons(turn: Turn, notice: Notice) -> Buttons:
    opens = Button(label=_say(turn, "desk.button_card"), card=notice.card)
    row = (
        *((Button(label=_say(turn, "desk.button_take"), data=f"take:{notice.ticket}"),) if notice.takes else ()),
        *((opens,) if notice.card is not None else ()),
    )
    snooze = Button(label=_say(turn, "desk.button_snooze"), data=f"snooze:{notice.ticket}")
    return (*((row,) if row else ()), (snooze,))


# ---- taps


def tapped(turn: Turn, event: ClientTapped) -> bool:
    """Whether the tap was for the desk; it counts only from a person who is linked as an agent."""
    kind, _, value = event.data.partition(":")
    desk, around = turn.client.desk, turn.client.around
    if desk is None or around is None or kind not in _TAPS:
        return False
    agent = turn.policy.people.agents.get(around.agent_of(event.author.ref) or "")
    if agent is None:
        _answer(turn, event, _say(turn, "desk.stranger"))
        return True
    if kind == "queue":
        _answer(turn, event, "")
        _show_queue(turn, desk)
        return True
    home = around.homes.get(TicketId(value))
    if home is None:
        _answer(turn, event, _say(turn, "tap.gone"))
    elif kind == "take":
        turn.tells.append(
            TakeAsked(
                key=Key(f"take:{event.key}"), at=turn.at, client=home, ticket=TicketId(value), agent=agent.key,
                chat=event.chat, tap=event.tap,
            )
        )  # fmt: skip
    else:
        _snooze(turn, event, agent, TicketId(value))
    return True


def _snooze(turn: Turn, event: ClientTapped, agent: AgentRule, ticket: TicketId) -> None:
    """The notices of the request say who put them off, and no further rung is told before that is over."""
    desk, around = turn.client.desk, turn.client.around
    assert desk is not None
    assert around is not None
    until = turn.at + turn.policy.escalation.snooze
    zone = agent.hours.zone if agent.hours is not None else None
    time = card.clock(until, zone) if zone is not None else f"{until:%H:%M} UTC"
    hushed = _say(turn, "desk.hushed", name=agent.name, until=time)
    posted = tuple(
        replace(each, hushed=hushed) if each.notice.ticket == ticket and each.order is not None else each
        for each in desk.posted
    )
    _keep(turn, posted)
    for each in posted:
        if each.notice.ticket == ticket and each.order is not None:
            line = paragraphs(each.notice.line, hushed)
            _edit(turn, each.order, f"hush/{each.notice.id}", line, _buttons(turn, each.notice))
    turn.tells.append(
        SnoozeAsked(key=Key(f"snooze:{event.key}"), at=turn.at, client=around.homes[ticket], ticket=ticket, until=until)
    )
    _answer(turn, event, hushed)


def _answer(turn: Turn, event: ClientTapped, notice: str) -> None:
    turn.effects.append(
        AnswerTap(
            key=turn.name("tap"), ticket=None, chat=event.chat, tap=event.tap, notice=notice,
            urgency=Urgency.ACKNOWLEDGE,
        )
    )  # fmt: skip


# ---- the queue


def _show_queue(turn: Turn, desk: Desk) -> None:
    """What nobody has and this chat's people are competent in, the most urgent first, each with its button."""
    policy = turn.policy
    found = queue(policy, desk, turn.client.around.pool if turn.client.around is not None else ())
    if not found:
        _tell(turn, "queue", _say(turn, "desk.queue_empty"))
        return
    lines = [line_of(policy, ticket) for ticket in found[:IN_QUEUE]]
    if len(found) > IN_QUEUE:
        lines.append(_say(turn, "desk.more", count=len(found) - IN_QUEUE))
    buttons: Buttons = tuple(
        (
            Button(label=_say(turn, "desk.button_take_number", number=ticket.number), data=f"take:{ticket.id}"),
            *(
                (Button(label=_say(turn, "desk.button_card"), card=ticket.card),)
                if ticket.card is not None
                else ()
            ),
        )
        for ticket in found[:IN_QUEUE]
    )  # fmt: skip
    _tell(turn, "queue", paragraphs(_say(turn, "desk.queue", count=len(found)), "\n".join(lines)), buttons)


def queue(policy: Policy, desk: Desk, pool: Sequence[Ticket]) -> list[Ticket]:
    """The requests of the pool that this chat's people may take: the one that is due first goes first."""
    people = policy.people
    agent = people.agents.get(desk.agent or "")

    def fits(ticket: Ticket) -> bool:
        if agent is not None:
            return agent.competent(ticket.topic, ticket.service_class)
        team = people.team_of(ticket.topic)
        return team is not None and team.key == desk.team

    def urgency(ticket: Ticket) -> tuple[bool, float, float, int]:
        due = ticket.due_at.timestamp() if ticket.due_at is not None else 0.0
        return ticket.due_at is None, due, ticket.opened_at.timestamp(), ticket.number

    return sorted((each for each in pool if each.pooled and fits(each)), key=urgency)


# ---- promises


def _show_promises(turn: Turn, desk: Desk) -> None:
    """To a lead: what was promised to clients of their teams and is about to be broken, or is, the oldest first."""
    policy = turn.policy
    led = {team.key for team in policy.people.teams.values() if team.lead is not None and team.lead == desk.agent}
    if not led:
        _tell(turn, "promises", _say(turn, "desk.leads_only"))
        return
    around = turn.client.around
    found = slipping(policy, led, around.promised if around is not None else (), turn.at)
    if not found:
        _tell(turn, "promises", _say(turn, "desk.promises_none"))
        return
    lines = [_promise(turn, ticket) for ticket in found[:IN_QUEUE]]
    if len(found) > IN_QUEUE:
        lines.append(_say(turn, "desk.more", count=len(found) - IN_QUEUE))
    buttons: Buttons = tuple(
        (Button(label=_say(turn, "desk.button_card_number", number=ticket.number), card=ticket.card),)
        for ticket in found[:IN_QUEUE]
        if ticket.card is not None
    )
    _tell(turn, "promises", paragraphs(_say(turn, "desk.promises", count=len(found)), "\n".join(lines)), buttons)


def slipping(policy: Policy, teams: Collection[str], promised: Sequence[Ticket], now: datetime) -> list[Ticket]:
    """Requests of these teams whose promised time has passed or comes soon, and nothing has kept it yet.

    None while the client is the one who is waited for: their clocks stand still.
    """
    soon = max(policy.warn_before or SLIPPING, SLIPPING)
    found: list[tuple[datetime, int, Ticket]] = []
    for ticket in promised:
        team = policy.people.team_of(ticket.topic)
        at = ticket.promised_at
        if at is None or not ticket.open or ticket.paused_at is not None or at - now > soon:
            continue
        if team is None or team.key not in teams:
            continue
        if ticket.promise is Promise.REPLY and ticket.answered_at is not None:
            continue
        found.append((at, ticket.number, ticket))
    return [ticket for _, _, ticket in sorted(found, key=lambda each: each[:2])]


def _promise(turn: Turn, ticket: Ticket) -> str:
    policy = turn.policy
    assert ticket.promised_at is not None
    until = moment(policy, policy.default_language, ticket.promised_at, turn.at, ticket.service_class)
    agent = policy.people.agents.get(ticket.taken or "")
    holder = agent.name if agent is not None else ticket.taken or "—"
    name = "desk.promise_late" if ticket.promised_at <= turn.at else "desk.promise"
    return _say(turn, name, request=line_of(policy, ticket), until=until, holder=holder)


def line_of(policy: Policy, ticket: Ticket) -> str:
    """A request in a line, for agents."""
    found = policy.classes.get(ticket.service_class)
    return say(
        policy,
        policy.default_language,
        "desk.request",
        number=ticket.number,
        subject=shorten(ticket.subject, SUBJECT),
        topic=card.topic_title(policy, policy.default_language, ticket.topic),
        service=(title(found.title, policy, policy.default_language) if found is not None else "") or "—",
    )


# ---- words


def _say(turn: Turn, name: str, /, **values: object) -> str:
    """A text for agents, in the default language."""
    return say(turn.policy, turn.policy.default_language, name, **values)


def _tell(turn: Turn, what: str, text: str, buttons: Buttons = ()) -> None:
    _send(turn, turn.name(what), text, buttons)


def _send(turn: Turn, key: Key, text: str, buttons: Buttons = ()) -> None:
    turn.effects.append(
        SendMessage(
            key=key, ticket=None, chat=turn.client.chat, text=_fitting(turn, text), urgency=Urgency.REPLY,
            buttons=buttons,
        )
    )  # fmt: skip


def _edit(turn: Turn, target: Key, what: str, text: str, buttons: Buttons = ()) -> None:
    turn.effects.append(
        EditMessage(
            key=turn.name(what), ticket=None, chat=turn.client.chat, target=target, text=_fitting(turn, text),
            urgency=Urgency.REPLY, buttons=buttons,
        )
    )  # fmt: skip


def _fitting(turn: Turn, text: str) -> Text:
    return split(Text(plain=text), turn.policy.limits.text)[0]
