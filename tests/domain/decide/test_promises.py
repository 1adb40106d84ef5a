"""The time a client is promised, and the word in advance when it will not be kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.decide import agenda, promises
from connector.domain.decide.turn import Turn
from connector.domain.effects import SendMessage, Urgency
from connector.domain.policy import Policy
from connector.domain.refs import Key
from connector.domain.terms import Hours, ServiceClass
from connector.domain.ticket import Phase, Promise, Ticket
from tests.domain.sample import MOSCOW, OFFICE, POLICY, START, Conversation, only, opened, told

WARN = timedelta(minutes=15)
WARNED = replace(POLICY, warn_before=WARN)


def moscow(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """April 2024: the 5th is a Friday."""
    return datetime(2024, 4, day, hour, minute, second, tzinfo=MOSCOW).astimezone(UTC)


FRIDAY_FIVE = moscow(5, 17)


def serving(
    first_reply: float | None = None,
    resolution: float | None = None,
    hours: Hours | None = OFFICE,
    warn_before: timedelta | None = WARN,
) -> Policy:
    """The policy with its class `today` as told, in minutes."""
    service = ServiceClass(
        key="today",
        title={"ru": "Сегодня"},
        first_reply=timedelta(minutes=first_reply) if first_reply is not None else None,
        resolution=timedelta(minutes=resolution) if resolution is not None else None,
        hours=hours,
    )
    return replace(POLICY, classes={**POLICY.classes, "today": service}, warn_before=warn_before)


def receipt(policy: Policy, at: datetime) -> tuple[str, Ticket]:
    """What the client reads when they open a request at that moment, and the ticket."""
    talk = Conversation(policy=policy, now=at)
    talk.tap("topic:howto")
    return told(talk.write("Как вернуть чек?")), talk.ticket


# ---- promising


def test_the_promised_end_is_told_and_remembered() -> None:
    text, ticket = receipt(serving(resolution=60), moscow(5, 10))
    assert "сегодня, 11:00" in text
    assert (ticket.promised_at, ticket.promise, ticket.away_until) == (moscow(5, 11), Promise.RESOLVE, None)
    assert "нерабочее" not in text


def test_without_a_target_for_the_end_the_first_answer_is_promised() -> None:
    text, ticket = receipt(serving(first_reply=30), moscow(5, 10))
    assert "10:30" in text
    assert (ticket.promised_at, ticket.promise) == (moscow(5, 10, 30), Promise.REPLY)


def test_without_any_target_nothing_is_promised() -> None:
    text, ticket = receipt(serving(), moscow(5, 10))
    assert "№12" in text
    assert ticket.promised_at is None


def test_out_of_hours_the_client_learns_first_when_the_team_opens() -> None:
    text, ticket = receipt(serving(resolution=60), moscow(5, 20))
    first, second = text.splitlines()[-2:]
    assert first == "Сейчас нерабочее время. Начнём заниматься 08.04, 09:00 (MSK)."
    assert "10:00" in second
    assert ticket.away_until == moscow(8, 9)


def test_out_of_hours_the_opening_is_told_even_when_nothing_is_promised() -> None:
    text, ticket = receipt(serving(), moscow(5, 20))
    assert text.endswith("Начнём заниматься 08.04, 09:00 (MSK).")
    assert ticket.promised_at is None


def test_on_a_holiday_the_client_hears_of_the_holiday() -> None:
    text, _ = receipt(serving(hours=replace(OFFICE, closed=frozenset({date(2024, 4, 5)}))), moscow(5, 12))
    assert "выходной. Начнём заниматься 08.04, 09:00" in text


def test_a_class_that_serves_round_the_clock_never_closes() -> None:
    text, ticket = receipt(serving(resolution=60, hours=None), moscow(6, 3))
    assert "нерабочее" not in text
    assert ticket.away_until is None


# ---- writing on while the team is closed


def writing_on(at: datetime, opened_at: datetime = FRIDAY_FIVE) -> Conversation:
    talk = Conversation(policy=serving(resolution=60), now=opened_at)
    talk.open("howto")
    talk.now = at
    return talk


def test_who_writes_on_after_hours_is_told_once_in_one_closed_stretch() -> None:
    talk = writing_on(moscow(5, 19))
    assert "нерабочее время" in told(talk.write("И ещё вопрос"))
    talk.now = moscow(7, 12)
    assert told(talk.write("Ау")) == ""
    talk.now = moscow(8, 12)
    assert told(talk.write("Доброе утро")) == ""
    talk.now = moscow(8, 22)
    assert "завтра, 09:00" in told(talk.write("И ещё"))


def test_who_was_told_when_they_opened_the_request_is_not_told_again() -> None:
    talk = writing_on(moscow(5, 21), opened_at=moscow(5, 20))
    assert told(talk.write("И ещё вопрос")) == ""


def test_a_break_that_is_soon_over_is_not_worth_a_word() -> None:
    talk = writing_on(moscow(5, 13, 10), opened_at=moscow(5, 12))
    assert told(talk.write("И ещё вопрос")) == ""


def test_a_team_that_talks_all_the_same_is_not_called_closed() -> None:
    talk = writing_on(moscow(5, 19))
    talk.comment("Я ещё здесь, какой у вас чек?")
    talk.later(minutes=5)
    assert told(talk.write("Продажа")) == ""
    talk.later(hours=2)
    assert "нерабочее время" in told(talk.write("Ну как?"))


# ---- when it slips


@pytest.mark.parametrize(
    ("begun", "first_reply", "resolution", "hours", "told_at"),
    [
        # A quarter of an hour before the time.
        (moscow(5, 10), None, 60, OFFICE, moscow(5, 10, 45)),
        (moscow(5, 10), 30, None, OFFICE, moscow(5, 10, 15)),
        # A promise shorter than twice that: three quarters of it.
        (moscow(5, 10), 20, None, OFFICE, moscow(5, 10, 15)),
        (moscow(5, 10), 4, None, None, moscow(5, 10, 3)),
        # Over a night: not before the team had a chance to keep it.
        (moscow(5, 17, 50), 30, None, OFFICE, moscow(8, 9, 5)),
        (moscow(5, 17, 56), 8, None, OFFICE, moscow(8, 9, 3)),
        (moscow(6, 12), 12, None, OFFICE, moscow(8, 9, 9)),
        (moscow(5, 12, 50), 20, None, OFFICE, moscow(5, 14, 7, 30)),
        # At closing time.
        (moscow(5, 17), None, 60, OFFICE, moscow(5, 17, 45)),
    ],
)
def test_the_client_hears_of_it_while_the_promise_could_still_be_kept(
    begun: datetime, first_reply: float | None, resolution: float | None, hours: Hours | None, told_at: datetime
) -> None:
    talk = Conversation(policy=serving(first_reply, resolution, hours), now=begun)
    ticket = talk.open("howto")
    assert talk.wake_at == told_at
    sent = only(talk.wake(), SendMessage)
    assert "не успеваем" in sent.text.plain
    assert (sent.urgency, sent.ticket) == (Urgency.REPLY, ticket.id)
    assert talk.wake_at is None


def slipping(**changes: object) -> Conversation:
    """A request opened at ten, its end promised for three in the afternoon."""
    talk = opened(warn_before=WARN, **changes)
    assert talk.ticket.promised_at == START + timedelta(hours=5)
    return talk


def test_it_is_told_once() -> None:
    talk = slipping()
    talk.wake()
    assert talk.ticket.warned
    talk.later(hours=10)
    assert talk.wake() == ()


def test_without_a_warning_in_the_mapping_nothing_is_told() -> None:
    assert opened(warn_before=None).wake_at is None


def test_a_kept_promise_waits_for_nothing() -> None:
    talk = slipping()
    talk.see("c-done")
    assert talk.wake_at is None
    answered = Conversation(policy=serving(first_reply=60), now=moscow(5, 10))
    answered.open("howto")
    assert answered.wake_at == moscow(5, 10, 45)
    answered.comment("// внутренняя заметка")
    assert answered.wake_at == moscow(5, 10, 45)
    answered.comment("Смотрим")
    assert answered.wake_at is None


def test_an_answer_does_not_keep_a_promised_end() -> None:
    talk = slipping()
    talk.comment("Смотрим")
    assert talk.wake_at == START + timedelta(hours=5) - WARN


def test_while_the_client_is_waited_for_no_promise_slips_and_later_it_has_moved_by_that_time() -> None:
    talk = slipping()
    talk.see("c-wait")
    assert agenda.next_moment(talk.client, talk.policy) is None
    talk.later(hours=6)
    assert talk.wake() == ()
    talk.see("c-work")
    assert talk.ticket.promised_at == START + timedelta(hours=5 + 6)
    assert talk.wake_at == START + timedelta(hours=5 + 6) - WARN
    assert "не успеваем" in told(talk.wake())


def test_a_promise_moves_by_what_was_left_of_it_in_working_time() -> None:
    """Five hours from Monday 13:00: 14 to 18 and 9 to 10 on Tuesday. From Monday 17:00 on it is the client's turn: two
    hours are left. On Tuesday at 12:30 half an hour of them is before the break (13 to 14), the rest behind it."""
    policy = replace(POLICY, classes={key: replace(each, hours=OFFICE) for key, each in POLICY.classes.items()})
    talk = opened(classes=policy.classes, warn_before=WARN)
    promised = datetime(2024, 4, 2, 10, 0, tzinfo=MOSCOW)
    assert talk.ticket.promised_at == promised
    talk.later(hours=4)
    talk.see("c-wait")
    talk.now = datetime(2024, 4, 2, 12, 30, tzinfo=MOSCOW)
    talk.see("c-work")
    assert talk.ticket.promised_at == datetime(2024, 4, 2, 15, 30, tzinfo=MOSCOW)
    assert talk.ticket.due_at == talk.ticket.promised_at


def test_a_client_who_stopped_the_bot_hears_of_it_when_they_are_back() -> None:
    talk = slipping()
    talk.block()
    assert talk.wake_at is None
    talk.later(hours=6)
    talk.come_back()
    assert "не успеваем" in told(talk.wake())


def test_a_day_after_the_promised_time_nobody_is_told_any_more() -> None:
    talk = slipping()
    talk.later(hours=29, seconds=1)
    assert talk.wake() == ()
    assert talk.wake_at is None


def test_a_card_nobody_can_see_any_more_promises_nothing() -> None:
    talk = slipping()
    talk.see("c-work", gone=True)
    assert talk.wake_at is None


@pytest.mark.parametrize("lost", [False, True])
def test_what_was_promised_ends_with_the_first_end(lost: bool) -> None:
    talk = slipping()
    talk.see("c-done")
    talk.later(hours=6)
    if lost:
        talk.see("c-done", gone=True)
    talk.write("Опять то же")
    assert talk.ticket.open
    assert talk.ticket.promised_at is None
    assert talk.wake_at is None


def test_a_request_the_board_opens_again_is_not_late_for_its_old_promise() -> None:
    talk = slipping()
    talk.see("c-done")
    talk.later(hours=6)
    talk.see("c-work")
    assert talk.ticket.open
    assert talk.wake_at is None


def test_a_request_moved_to_a_slower_lane_is_told_its_new_time() -> None:
    talk = slipping()
    talk.see("c-work", lane="l-today")
    due_at = talk.ticket.due_at
    assert due_at is not None
    text = told(talk.wake())
    assert "Новый срок: завтра, 13:00 (MSK)" in text
    assert (talk.ticket.promised_at, talk.ticket.warned) == (due_at, True)
    assert talk.wake_at is None


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=29), timedelta(hours=-1)])
def test_a_time_hardly_later_is_no_news(later: timedelta) -> None:
    talk = slipping()
    promised = talk.ticket.promised_at
    assert promised is not None
    talk.client = replace(talk.client, tickets=(replace(talk.ticket, due_at=promised + later),))
    assert "Новый срок" not in told(talk.wake())
    assert talk.ticket.promised_at == promised


def test_each_slipping_request_is_told_of_by_its_own_number() -> None:
    talk = slipping()
    talk.later(minutes=1)
    talk.open("till", "Вторая касса")
    talk.later(hours=5)
    text = told(talk.wake())
    assert "№12" in text
    assert "№13" in text
    assert len({each.key for each in talk.effects}) == len(talk.effects)


MOMENTS = st.datetimes(min_value=datetime(2024, 3, 25), max_value=datetime(2024, 5, 5), timezones=st.just(UTC))
TARGETS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=5))
WEEKS = st.sampled_from((OFFICE, None, Hours(zone=MOSCOW, week=(((time(20), time(4)),),) * 7)))


@given(MOMENTS, TARGETS, WEEKS, TARGETS)
def test_the_warning_comes_after_the_request_and_before_the_promised_time_and_then_never(
    at: datetime, target: timedelta, hours: Hours | None, before: timedelta
) -> None:
    policy = serving(resolution=target.total_seconds() / 60, hours=hours, warn_before=before)
    talk = Conversation(policy=policy, now=at)
    ticket = talk.open("howto")
    assert ticket.promised_at is not None
    assert talk.wake_at is not None
    assert at <= talk.wake_at <= ticket.promised_at
    assert talk.wake_at < ticket.promised_at or ticket.promised_at - at < timedelta(milliseconds=1)
    assert len(talk.wake()) == 1
    assert talk.wake_at is None


TICKETS = st.lists(
    st.builds(
        Ticket,
        id=st.uuids().map(str),
        number=st.integers(1, 99),
        client=st.just("telegram:77"),
        topic=st.just("howto"),
        service_class=st.sampled_from(("today", "urgent", "gone")),
        cabinet=st.none(),
        subject=st.just("Чек"),
        opened_at=MOMENTS,
        due_at=st.none() | MOMENTS,
        answered_at=st.none() | MOMENTS,
        phase=st.sampled_from(Phase),
        promised_at=st.none() | MOMENTS,
        promise=st.sampled_from(Promise),
        warned=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda ticket: ticket.id,
)


@given(TICKETS, MOMENTS, st.booleans(), WEEKS)
def test_whatever_is_promised_the_clock_comes_to_rest(
    tickets: list[Ticket], now: datetime, blocked: bool, hours: Hours | None
) -> None:
    policy = serving(hours=hours)
    client = replace(Conversation().client, tickets=tuple(tickets), blocked=blocked)
    for count in range(len(tickets) + 1):
        moment = agenda.next_moment(client, policy)
        if moment is None:
            return
        now = max(now, moment)
        turn = Turn(client=client, policy=policy, key=Key(f"tick/{count}"), at=now)
        promises.passed(turn)
        assert turn.client != client
        assert all(when > now for when in promises.due(turn.client, policy))
        client = turn.client
    raise AssertionError("the clock does not come to rest")
