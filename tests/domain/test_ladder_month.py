"""A month of requests with agents who take, answer or leave them: every notice is the one reckoned by hand, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from connector.domain.effects import EditMessage, Meaning, SendMessage
from connector.domain.ladder import Agreement, Audience, Escalation, Measured, Rung, Wait
from connector.domain.people import AgentRule, People, TeamRule
from connector.domain.refs import TicketId
from tests.domain.office import Office
from tests.domain.sample import MOSCOW, OFFICE, POLICY

BEGIN = datetime(2024, 4, 1, 0, 0, tzinfo=UTC)
DAYS = 30
REQUESTS = 1221
"""Of a month; `--months 20` plays twenty times as many within it."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LEAVE = (date(2024, 4, 10), date(2024, 4, 12))
LADDERS = {
    "urgent": (
        Rung(wait=Wait.TAKER, audience=Audience.TEAM, after=5 * MINUTE),
        Rung(wait=Wait.TAKER, audience=Audience.AGENTS, after=2 * HOUR),
        Rung(wait=Wait.TAKER, audience=Audience.LEAD, after=3 * HOUR),
        Rung(wait=Wait.REPLY, audience=Audience.HOLDER, after=30 * MINUTE),
    ),
    "today": (
        Rung(wait=Wait.FIRST_REPLY, audience=Audience.TEAM, after=5 * MINUTE),
        Rung(wait=Wait.FIRST_REPLY, audience=Audience.LEAD, after=HOUR),
    ),
}
assert POLICY.board is not None
STAFFED = replace(
    POLICY,
    people=People(
        agents={
            "anna": AgentRule(key="anna", name="anna", hours=OFFICE),
            "igor": AgentRule(key="igor", name="igor", hours=OFFICE, topics=frozenset({"till"}), leave=(LEAVE,)),
            "oleg": AgentRule(key="oleg", name="oleg", classes=frozenset({"today"})),
        },
        teams={"first": TeamRule(key="first", title="First", lead="anna")},
    ),
    escalation=Escalation(ladders=LADDERS, digest_above=1_000_000),
    board=replace(
        POLICY.board,
        agents={"anna": "5", "igor": "6", "oleg": "7"},
        users={"anna": "5", "igor": "6", "oleg": "7"},
        landing={("b1", Meaning.QUEUE): "c-queue", ("b1", Meaning.WORK): "c-work"},
    ),
)


# ---- the table, reckoned from what people did, minute by minute, without anything of the connector's


@dataclass
class Life:
    """What became of one request; moments in whole minutes."""

    service_class: str
    topic: str
    opened: datetime
    held: list[tuple[datetime, str]] = field(default_factory=list)
    """Since when who has had it."""
    asked: list[datetime] = field(default_factory=list)
    answered: list[datetime] = field(default_factory=list)
    closed: datetime | None = None

    @property
    def taken(self) -> datetime | None:
        return self.held[0][0] if self.held else None


def at_work(at: datetime) -> bool:
    local = at.astimezone(MOSCOW)
    return local.weekday() < 5 and (9 <= local.hour < 13 or 14 <= local.hour < 18)


def reached(begins: datetime, after: timedelta, service_class: str) -> datetime:
    """When so much has counted: every minute for urgent ones, of the others those at work."""
    if service_class == "urgent":
        return begins + after
    left, at = after, begins
    while left > timedelta(0):
        left -= MINUTE if at_work(at) else timedelta(0)
        at += MINUTE
    return at


def waits(life: Life, horizon: datetime) -> list[tuple[Wait, datetime, datetime]]:
    """Each wait that somebody is told of, with its beginning and its end."""
    found = []
    over = life.closed or horizon
    if life.service_class == "urgent":
        found.append((Wait.TAKER, life.opened, min(life.taken or horizon, over)))
    words = sorted([(at, 0) for at in life.asked] + [(at, 1) for at in life.answered])
    since: datetime | None = None
    first = True
    for at, answer in [*words, (over, 1)]:
        if answer and since is not None and at <= over:
            if life.service_class == "urgent":
                found.append((Wait.REPLY, since, at))
            elif first:
                found.append((Wait.FIRST_REPLY, since, at))
            since, first = None, False
        elif not answer and since is None:
            since = at
    return found


def heard(life: Life, audience: Audience, at: datetime) -> set[str]:
    local = at.astimezone(MOSCOW).date()
    office = {"anna"} | ({"igor"} if life.topic == "till" and not LEAVE[0] <= local <= LEAVE[1] else set())
    on_duty = (office if at_work(at) else set()) | ({"oleg"} if life.service_class == "today" else set())
    match audience:
        case Audience.TEAM:
            return {"-first"}
        case Audience.AGENTS:
            return on_duty or {"-first"}
        case Audience.HOLDER:
            return {([by for since, by in life.held if since <= at] or ["-first"])[-1]}
        case Audience.LEAD:
            return {"anna"}


def table(lives: dict[TicketId, Life], horizon: datetime) -> dict[tuple[str, str, datetime, str], datetime]:
    """(request, wait, since, chat) → when that chat is told first."""
    found: dict[tuple[str, str, datetime, str], datetime] = {}
    for ticket, life in lives.items():
        for wait, since, until in waits(life, horizon):
            for rung in LADDERS[life.service_class]:
                if rung.wait is not wait or rung.after is None:
                    continue
                due = reached(since, rung.after, life.service_class)
                if due < until:
                    for chat in heard(life, rung.audience, due):
                        found.setdefault((ticket, wait.value, since, chat), due)
    return found


# ---- what people do


def month(office: Office, requests: int, seed: int, closed: float = 0.0) -> dict[TicketId, Life]:
    """Plays the month and writes down what people did; such a share of the requests is surely closed."""
    random = Random(seed)
    lives: dict[TicketId, Life] = {}
    deeds: list[tuple[datetime, int, str, str]] = []
    minutes = DAYS * 24 * 60
    for number in range(requests):
        name, topic = f"client{number}", random.choice(["till", "howto"])
        at = BEGIN + random.randrange(minutes) * MINUTE
        deeds.append((at, number, name, f"ask {topic}"))
        for _ in range(random.randrange(5)):
            at += random.choice([2, 4, 7, 45, 119, 130, 190, 700]) * MINUTE
            deeds.append((at, number, name, random.choice(["tap", "take", "answer", "answer", "write", "close"])))
        if random.random() < closed:
            deeds.append((at + random.choice([1, 30, 500, 3000]) * MINUTE, number, name, "close"))
    for at, _, name, deed in sorted(deeds):
        office.run(at - timedelta(microseconds=1))
        if deed.startswith("ask"):
            office.asks(at, name, deed[4:])
            office.people_first(at)
            ticket = office.ticket(name)
            lives[ticket.id] = Life(service_class=ticket.service_class, topic=ticket.topic, opened=at, asked=[at])
            continue
        ticket = office.ticket(name)
        life, agent = lives[ticket.id], random.choice(["anna", "igor", "oleg"])
        if life.closed is not None:
            continue
        match deed:
            case "tap":
                office.taps(at, "-first", f"take:{ticket.id}", agent)
            case "take":
                office.moves(at, ticket, "c-work", agent)
            case "answer":
                office.answers(at, ticket, agent)
                life.answered.append(at)
            case "write":
                office.writes(at, name)
                life.asked.append(at)
            case "close":
                office.moves(at, ticket, "c-done", ticket.responsible)
                life.closed = at
        if deed == "take" or (deed in ("tap", "answer") and not life.held):
            life.held.append((at, agent))
        office.people_first(at)
    return lives


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("seed", "requests", "closed"), [(1, REQUESTS, 0.95), (2, 250, 0.0)], ids=["most are closed", "most stay open"]
)
def test_the_notices_of_a_month_equal_a_table_reckoned_by_hand(
    seed: int, requests: int, closed: float, request: pytest.FixtureRequest
) -> None:
    times = int(request.config.getoption("--months")) if requests == REQUESTS else 1
    requests *= times
    office = Office(policy=STAFFED, now=BEGIN, seed=seed, restarts=0.2 / times)
    lives = month(office, requests, seed, closed)
    horizon = BEGIN + (DAYS + 14) * 24 * HOUR
    office.run(horizon)
    first: dict[tuple[str, str, datetime, str], datetime] = {}
    for at, told in office.raised:
        notice = told.notice
        wait = str(notice.id).split("/")[2]
        first.setdefault((notice.ticket, wait, notice.since, told.client.partition(":")[2]), at)
    assert first == table(lives, horizon)
    assert len(first) > requests
    # Nothing is said twice, and whatever is over says so.
    sent = Counter(each.key for chat in office.said.values() for each in chat if isinstance(each, SendMessage))
    notices = {key: count for key, count in sent.items() if key.startswith("wait/")}
    assert set(notices.values()) == {1}
    assert len(notices) == len(first)
    ended = {(told.notice, told.client) for _, told in office.ended}
    assert len(ended) == len(office.ended)
    shown = {
        (each.notice.id, client.id) for client in office.clients.values() if client.desk for each in client.desk.posted
    }
    raised = {(told.notice.id, told.client) for _, told in office.raised}
    assert ended | shown == raised
    assert not ended & shown


def test_the_verdicts_on_agreements_equal_what_is_reckoned_by_hand() -> None:
    agreements = {
        "soon": Agreement(key="soon", title="Soon", measured=Measured.FIRST_REPLY, target=45 * MINUTE),
        "day": Agreement(
            key="day", title="A working day", measured=Measured.RESOLUTION, target=8 * HOUR, hours=OFFICE,
            topics=frozenset({"howto"}), audience=Audience.LEAD,
        ),
    }  # fmt: skip
    office = Office(policy=replace(STAFFED, agreements=agreements), now=BEGIN, seed=5, restarts=0.2)
    lives = month(office, 300, 5)
    horizon = BEGIN + (DAYS + 14) * 24 * HOUR
    office.run(horizon)
    expected = {}
    for ticket, life in lives.items():
        over = life.closed or horizon
        soon = life.opened + 45 * MINUTE
        expected["soon", ticket] = min([*life.answered, over]) <= soon
        if life.topic == "howto":
            day = reached(life.opened, 8 * HOUR, "today")
            expected["day", ticket] = over <= day
    found = {(each.agreement, each.ticket): each.kept for each in office.verdicts}
    assert len(found) == len(office.verdicts)
    assert found == expected
    assert len(set(found.values())) == 2
    broken = {each.ticket for each in office.verdicts if each.agreement == "day" and not each.kept}
    told = [told for _, told in office.raised if "agreement:day" in told.notice.id]
    assert {each.notice.ticket for each in told} == broken
    assert len(told) == len(broken)
    assert {each.client for each in told} == {"telegram:anna"}


def test_above_the_cap_notices_are_lines_of_one_message_that_is_edited() -> None:
    capped = replace(STAFFED, escalation=replace(STAFFED.escalation, digest_above=3))
    office = Office(policy=capped, now=BEGIN, seed=4, restarts=0.2)
    lives = month(office, 300, 4)
    horizon = BEGIN + (DAYS + 14) * 24 * HOUR
    office.run(horizon)
    raised = {(told.notice.ticket, told.client.partition(":")[2]) for _, told in office.raised}
    assert raised == {(key[0], key[3]) for key in table(lives, horizon)}
    group = office.said["-first"]
    singles = [each for each in group if isinstance(each, SendMessage) and each.key.startswith("wait/")]
    digests = [each for each in group if isinstance(each, SendMessage) and each.key.startswith("digest/")]
    open_now: set[str] = set()
    most = 0
    for each in group:
        if isinstance(each, SendMessage) and each.key.startswith("wait/"):
            open_now.add(each.key)
        elif isinstance(each, EditMessage) and each.target in open_now and not each.buttons:
            open_now.discard(each.target)
        most = max(most, len(open_now))
    assert most == 3
    assert len(digests) < len(singles)
    desk = office.clients[next(key for key in office.clients if key.endswith("-first"))].desk
    assert desk is not None
    lines = [each for each in desk.posted if each.order is None]
    assert bool(lines) == (desk.digest is not None)
