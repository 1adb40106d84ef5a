"""Who gets a new request: always somebody competent and on duty; the preferred one, else the least loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.people import AgentRule, People, RoutingRule, TeamRule
from connector.domain.refs import TicketId
from connector.domain.routing import Choice, Why, burden, choose, on_duty
from connector.domain.terms import Hours
from connector.domain.ticket import Past

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2024, 4, 3, 9, 0, tzinfo=UTC)
TOPICS, CLASSES, KEYS = ("till", "money", "howto"), ("urgent", "today"), ("anna", "igor", "oleg", "vera")

weeks = st.lists(
    st.sampled_from([(), ((time(9), time(18)),), ((time(0), time(8)),), ((time(12), time(20)),)]),
    min_size=7,
    max_size=7,
)
leaves = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 3)).map(
        lambda pair: (date(2024, 4, 3) + timedelta(pair[0]), date(2024, 4, 3) + timedelta(pair[0] + pair[1]))
    ),
    max_size=2,
)


@st.composite
def staffs(draw: st.DrawFn) -> People:
    agents = {}
    for key in KEYS[: draw(st.integers(0, 4))]:
        week = tuple(draw(weeks))
        agents[key] = AgentRule(
            key=key,
            name=key.title(),
            topics=frozenset(draw(st.sets(st.sampled_from(TOPICS)))),
            classes=frozenset(draw(st.sets(st.sampled_from(CLASSES)))),
            hours=draw(st.sampled_from([None, Hours(zone=MOSCOW, week=week)])) if any(week) else None,
            leave=tuple(draw(leaves)),
            weight=draw(st.sampled_from([0.5, 1.0, 2.0])),
        )
    return People(
        agents=agents,
        routing=RoutingRule(
            assign=True,
            managers=draw(st.dictionaries(st.sampled_from(["1", "2"]), st.sampled_from(KEYS))),
            last_within=draw(st.sampled_from([None, timedelta(days=30)])),
            weights=draw(st.dictionaries(st.sampled_from(CLASSES), st.sampled_from([1.0, 3.0]))),
        ),
    )


loads = st.dictionaries(st.sampled_from(KEYS), st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 9)), max_size=4)
moments = st.integers(0, 7 * 24).map(lambda hours: NOON + timedelta(hours=hours))


def served(taken: str, days_ago: int, number: int = 1) -> Past:
    at = NOON - timedelta(days=days_ago)
    return Past(
        id=TicketId(f"t{number}"), number=number, topic="till", subject="", opened_at=at, closed_at=at, taken=taken
    )


def chosen(people: People, load: dict[str, dict[str, int]], at: datetime, past: tuple[Past, ...] = ()) -> Choice:
    return choose(people, topic="till", service_class="urgent", cabinet="1", at=at, load=load, past=past)


@given(staffs(), loads, moments)
def test_whoever_gets_it_is_competent_on_duty_and_not_on_leave(
    people: People, load: dict[str, dict[str, int]], at: datetime
) -> None:
    agent = chosen(people, load, at).agent
    if agent is None:
        return
    local = at.astimezone(MOSCOW)
    assert not agent.topics or "till" in agent.topics
    assert not agent.classes or "urgent" in agent.classes
    if agent.hours is not None:
        day = agent.hours.week[local.weekday()]
        assert any(opens <= local.time() < closes for opens, closes in day)
        assert not any(first <= local.date() <= last for first, last in agent.leave)
    else:
        assert not any(first <= at.date() <= last for first, last in agent.leave)


@given(staffs(), loads, moments)
def test_nobody_gets_it_only_when_nobody_could(people: People, load: dict[str, dict[str, int]], at: datetime) -> None:
    able = [
        each
        for each in people.agents.values()
        if (not each.topics or "till" in each.topics) and (not each.classes or "urgent" in each.classes)
    ]
    assert (chosen(people, load, at).agent is None) == (not any(on_duty(each, at) for each in able))


@given(staffs(), loads, moments)
def test_without_anybody_preferred_nobody_on_duty_has_less_in_hand(
    people: People, load: dict[str, dict[str, int]], at: datetime
) -> None:
    found = chosen(people, load, at)
    if found.agent is None or found.why is not Why.LOAD:
        return
    for each in people.competent("till", "urgent"):
        if on_duty(each, at):
            assert burden(people, found.agent, load) <= burden(people, each, load)


@given(staffs(), loads, moments)
def test_the_same_asked_twice_is_answered_alike(people: People, load: dict[str, dict[str, int]], at: datetime) -> None:
    turned = {key: dict(reversed(held.items())) for key, held in reversed(load.items())}
    assert chosen(people, load, at) == chosen(people, turned, at)


def staff(**routing: object) -> People:
    agents = {key: AgentRule(key=key, name=key.title()) for key in KEYS}
    return People(agents=agents, routing=RoutingRule(assign=True, **routing))  # type: ignore[arg-type]  # fields by their names


def test_a_personal_manager_goes_before_whoever_served_last_and_that_one_before_the_least_loaded() -> None:
    load = {"igor": {"urgent": 9}, "oleg": {"urgent": 9}}
    past = (served("oleg", 3),)
    both = staff(managers={"1": "igor"}, last_within=timedelta(days=30))
    found = chosen(both, load, NOON, past)
    assert (found.agent and found.agent.key, found.why) == ("igor", Why.MANAGER)
    last = chosen(staff(last_within=timedelta(days=30)), load, NOON, past)
    assert (last.agent and last.agent.key, last.why) == ("oleg", Why.LAST)
    least = chosen(staff(), load, NOON, past)
    assert (least.agent and least.agent.key, least.why) == ("anna", Why.LOAD)


def test_whoever_served_too_long_ago_or_another_client_is_not_preferred() -> None:
    people = staff(last_within=timedelta(days=2))
    assert chosen(people, {}, NOON, (served("oleg", 3),)).why is Why.LOAD
    newest = chosen(people, {}, NOON, (served("igor", 1, 2), served("oleg", 0, 3)))
    assert newest.agent is not None
    assert newest.agent.key == "oleg"


def test_open_requests_weigh_by_their_class_and_by_what_the_agent_can_carry() -> None:
    people = staff(weights={"urgent": 3.0})
    found = chosen(
        people, {"anna": {"urgent": 1}, "igor": {"today": 2}, "oleg": {"today": 9}, "vera": {"today": 9}}, NOON
    )
    assert found.agent is not None
    assert found.agent.key == "igor"


def test_a_topic_is_served_by_the_team_that_names_it_else_by_one_that_names_none() -> None:
    people = People(
        teams={
            "all": TeamRule(key="all", title="All"),
            "tills": TeamRule(key="tills", title="Tills", topics=frozenset({"till"})),
        }
    )
    found = [people.team_of(topic) for topic in ("till", "money")]
    assert [team.key for team in found if team is not None] == ["tills", "all"]
