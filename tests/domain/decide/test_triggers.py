"""Messages the bot sends of itself."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.client import Client
from connector.domain.decide import agenda, decide, listens, triggers
from connector.domain.effects import AddComment, AnswerTap, Meaning, MoveCard, SendMessage
from connector.domain.events import TimePassed
from connector.domain.policy import Mark, Occasion, Policy, QuietHours, RatingRule, Trigger
from connector.domain.refs import Key, Ref
from connector.domain.sla import waking
from connector.domain.ticket import Line, Outcome, Phase, Ticket
from tests.domain.sample import CHAT, MOSCOW, POLICY, START, Conversation, every, only, opened, told

REMIND = Trigger(
    key="remind", occasion=Occasion.WAITING, after=timedelta(days=2), text={"ru": "Ждём вас: №{number} «{subject}»"}
)
CLOSE = Trigger(
    key="close", occasion=Occasion.WAITING, after=timedelta(days=5), text={"ru": "Закрываем №{number}"}, close=True
)
TIP = Trigger(
    key="tip",
    occasion=Occasion.REGISTERED,
    after=timedelta(days=1),
    text={"ru": "Совет для {name}", "en": "A tip for {name}"},
)
CHECK = Trigger(
    key="check", occasion=Occasion.DONE, after=timedelta(days=3), text={"ru": "Как дела с №{number} «{subject}»?"}
)
ALL = (REMIND, CLOSE, TIP, CHECK)
NIGHT = QuietHours(zone=MOSCOW, start=time(21), end=time(9))
DAY = timedelta(days=1)


def waiting(*used: Trigger, **changes: object) -> Conversation:
    """A request on which the client is waited for since START (13:00 in Moscow)."""
    talk = opened(triggers=used or (REMIND, CLOSE), **changes)
    talk.see("c-wait")
    return talk


def registered(*used: Trigger, **changes: object) -> Conversation:
    """A client who registered at START and has asked nothing yet."""
    policy = replace(POLICY, triggers=used or (TIP,), **changes)  # type: ignore[arg-type]  # fields by their names
    client = Client(id=Conversation().client.id, chat=CHAT, name="Иван Петров", language="ru", registered_at=START)
    return Conversation(policy=policy, client=client, wake_at=agenda.next_moment(client, policy))


def ended(*used: Trigger, **changes: object) -> Conversation:
    talk = opened(triggers=used or (CHECK,), **changes)
    talk.see("c-done")
    return talk


def run(talk: Conversation, until: datetime) -> list[tuple[timedelta, str]]:
    """Lets time pass; tells when what of its own the bot has sent, since START."""
    sent: list[tuple[timedelta, str]] = []
    for _ in range(100):
        if talk.wake_at is None or talk.wake_at > until:
            return sent
        for effect in every(talk.wake(), SendMessage):
            if effect.key.startswith("trigger/"):
                sent.append((talk.now - START, effect.key.split("/")[1]))
    raise AssertionError("the clock does not come to rest")


# ---- while the client is waited for


def test_a_silent_client_is_reminded_and_then_the_request_is_closed() -> None:
    talk = waiting()
    assert talk.wake_at == START + 2 * DAY
    reminder = only(talk.wake(), SendMessage)
    assert reminder.text.plain == "Ждём вас: №12 «Касса не работает»"
    assert reminder.key.startswith("trigger/remind/")
    assert (reminder.ticket, reminder.buttons) == (talk.ticket.id, ())
    assert talk.wake_at == START + 5 * DAY
    effects = talk.wake()
    assert only(effects, SendMessage).text.plain == "Закрываем №12"
    assert (only(effects, MoveCard).meaning, only(effects, MoveCard).board) == (Meaning.DONE, "b1")
    note = only(effects, AddComment)
    assert note.internal
    assert "не ответил" in note.sections[0].text.plain
    ticket = talk.ticket
    assert (ticket.phase, ticket.outcome, ticket.closed_at) == (Phase.DONE, Outcome.SILENT, talk.now)
    assert talk.client.current is None
    assert talk.wake_at is None


def test_a_request_closed_for_silence_is_not_rated_nor_followed_by_advice() -> None:
    talk = waiting(CLOSE, CHECK, rating=RatingRule(marks=(Mark(key="ok", emoji="🙂"),)))
    run(talk, START + 30 * DAY)
    move = only(talk.effects, MoveCard)
    talk.done(move)
    talk.see("c-done")
    assert [each[1] for each in run(talk, START + 60 * DAY)] == []
    assert not any(each.key.startswith("rate/") for each in talk.effects)


def test_without_a_known_board_the_request_is_closed_all_the_same() -> None:
    talk = waiting(CLOSE)
    talk.policy = replace(talk.policy, board=None)
    talk.client = replace(talk.client, tickets=(replace(talk.ticket, board=None),))
    effects = talk.wake()
    assert every(effects, MoveCard) == []
    assert talk.ticket.outcome is Outcome.SILENT


def test_when_the_agents_go_on_nobody_is_reminded() -> None:
    talk = waiting()
    talk.later(days=1)
    talk.see("c-work")
    assert talk.wake_at is None


def test_who_has_answered_is_neither_reminded_nor_closed_wherever_the_card_stands() -> None:
    talk = waiting()
    talk.later(days=1)
    talk.write("Вот номер чека")
    assert talk.ticket.phase is Phase.WAITING
    assert talk.wake_at is None
    assert run(talk, START + 30 * DAY) == []


def test_after_words_on_both_sides_the_silence_begins_anew() -> None:
    talk = waiting()
    assert run(talk, START + 3 * DAY) == [(2 * DAY, "remind")]
    talk.now = START + 3 * DAY
    talk.write("Вот номер чека")
    talk.later(hours=1)
    talk.comment("Не видим, пришлите ещё раз")
    assert run(talk, START + 60 * DAY) == [
        (5 * DAY, "remind"),
        (8 * DAY + timedelta(hours=1), "close"),
    ]


def test_nobody_is_closed_out_soon_after_a_question_of_the_agents() -> None:
    talk = waiting()
    run(talk, START + 4 * DAY)
    talk.now = START + 4 * DAY
    talk.comment("И ещё: какая у вас модель кассы?")
    assert run(talk, START + 60 * DAY) == [(9 * DAY, "close")]


def test_waited_for_again_is_reminded_again() -> None:
    talk = waiting(REMIND)
    run(talk, START + 3 * DAY)
    talk.now = START + 3 * DAY
    talk.see("c-work")
    talk.later(hours=1)
    talk.see("c-wait")
    assert run(talk, START + 60 * DAY) == [(5 * DAY + timedelta(hours=1), "remind")]


def test_a_request_whose_card_is_gone_is_left_in_peace() -> None:
    talk = waiting()
    talk.see("c-wait", gone=True)
    assert talk.wake_at is None


def test_two_silent_requests_are_not_reminded_of_at_once() -> None:
    talk = waiting(REMIND)
    talk.see("c-wait", ticket=talk.open("money", "Не прошла оплата"))
    assert run(talk, START + 60 * DAY) == [(2 * DAY, "remind"), (2.5 * DAY, "remind")]


# ---- after registering


def test_who_registered_gets_advice_once_with_a_way_out() -> None:
    talk = registered()
    assert talk.wake_at == START + DAY
    sent = only(talk.wake(), SendMessage)
    assert (sent.text.plain, sent.ticket) == ("Совет для Иван Петров", None)
    assert [[button.data for button in row] for row in sent.buttons] == [["silent"]]
    assert talk.client.fired == ("tip",)
    assert talk.wake_at is None


def test_a_message_the_bot_sent_of_itself_leaves_its_end_in_the_journal() -> None:
    talk = registered()
    sent = only(talk.wake(), SendMessage)
    assert sent.key.startswith("trigger/tip/")
    assert listens(sent)
    before = talk.client
    assert talk.done(sent, Ref(port="telegram", id="77/900")) == ()
    assert talk.client == before


def test_advice_speaks_the_clients_language() -> None:
    talk = registered()
    talk.client = replace(talk.client, spoken="en")
    assert told(talk.wake()) == "A tip for Иван Петров"


def test_names_of_the_request_are_empty_where_there_is_none() -> None:
    assert told(registered(replace(TIP, text={"ru": "Совет{number}{subject}"})).wake()) == "Совет"


def test_signs_in_a_name_are_no_placeholders() -> None:
    talk = registered()
    talk.client = replace(talk.client, name="{number.__class__}")
    assert told(talk.wake()) == "Совет для {number.__class__}"


def test_a_message_without_words_is_not_sent() -> None:
    talk = registered(replace(TIP, text={"ru": " "}))
    assert talk.wake() == ()
    assert talk.wake_at is None


def test_a_long_message_fits_the_chat() -> None:
    talk = registered(replace(TIP, text={"ru": "слово " * 2000}))
    assert len(told(talk.wake())) <= POLICY.limits.text


# ---- after the end


def test_some_time_after_the_end_the_client_is_asked_how_it_goes() -> None:
    talk = ended()
    assert run(talk, START + 60 * DAY) == [(3 * DAY, "check")]
    assert "№12 «Касса не работает»" in told(talk.effects)


@pytest.mark.parametrize("since", ["open", "wrote", "kept", "withdrawn", "reopened"])
def test_nobody_is_asked_how_it_goes_who_is_busy_with_us_or_took_it_back(since: str) -> None:
    talk = opened(triggers=(CHECK,), reopen_within=timedelta(0))
    first = talk.ticket
    if since == "withdrawn":
        talk.tap(f"withdraw!:{first.id}")
    talk.see("c-done")
    talk.later(days=1)
    match since:
        case "open":
            talk.open("money", "Не прошла оплата")
        case "wrote":
            talk.see("c-done", ticket=talk.open("money", "Не прошла оплата"))
            talk.client = replace(talk.client, fired=(f"check:{talk.ticket.id}",))
        case "kept":
            talk.write("Что-то ещё")
        case "reopened":
            talk.see("c-work")
        case _:
            pass
    assert run(talk, START + 60 * DAY) == []


def test_a_request_that_ended_twice_is_asked_about_once() -> None:
    talk = ended()
    run(talk, START + 4 * DAY)
    talk.now = START + 4 * DAY
    talk.see("c-work")
    talk.see("c-done")
    assert run(talk, START + 60 * DAY) == []


# ---- wishes, quiet hours, blocks, and old moments


def test_who_wants_none_of_it_gets_no_advice_but_is_still_reminded() -> None:
    talk = registered(TIP, REMIND)
    notice = only(talk.tap("silent"), AnswerTap).notice
    assert "больше не будет" in notice
    assert talk.client.silent
    talk.open()
    talk.see("c-wait")
    assert run(talk, START + 60 * DAY) == [(2 * DAY, "remind")]
    assert "tip" in talk.client.fired


def test_who_wants_it_again_gets_what_comes_from_then_on() -> None:
    talk = registered(TIP, replace(TIP, key="second", after=5 * DAY))
    talk.tap("silent")
    run(talk, START + 2 * DAY)
    assert "снова" in only(talk.tap("hear"), AnswerTap).notice
    assert run(talk, START + 60 * DAY) == [(5 * DAY, "second")]


@pytest.mark.parametrize(
    ("after", "sent_at"),
    [
        (timedelta(hours=7), timedelta(hours=7)),
        (timedelta(hours=8), timedelta(hours=20)),
        (timedelta(hours=19), timedelta(hours=20)),
        (timedelta(hours=20), timedelta(hours=20)),
    ],
)
def test_quiet_hours_put_it_off_to_their_end(after: timedelta, sent_at: timedelta) -> None:
    talk = registered(replace(TIP, after=after), quiet_hours=NIGHT)
    assert talk.wake_at == START + sent_at
    assert run(talk, START + 60 * DAY) == [(sent_at, "tip")]


def test_a_moment_missed_in_the_daytime_is_not_made_up_for_at_night() -> None:
    talk = registered(replace(TIP, after=timedelta(hours=7)), quiet_hours=NIGHT)
    talk.now = START + timedelta(hours=14)
    assert talk.wake() == ()
    assert talk.wake_at == START + timedelta(hours=20)
    assert run(talk, START + 60 * DAY) == [(timedelta(hours=20), "tip")]


def test_a_client_who_stopped_the_bot_gets_it_soon_after_they_are_back_or_not_at_all() -> None:
    talk = registered()
    talk.block()
    assert run(talk, START + 2 * DAY) == []
    talk.now = START + 2 * DAY
    talk.come_back()
    assert run(talk, START + 60 * DAY) == [(2 * DAY, "tip")]
    other = registered()
    other.block()
    assert run(other, START + 60 * DAY) == []
    other.come_back()
    assert (other.client.fired, other.wake_at) == (("tip",), None)


def test_a_reminder_waits_for_a_client_who_stopped_the_bot() -> None:
    talk = waiting(REMIND)
    talk.block()
    assert talk.wake_at is None
    talk.now = START + 6 * DAY
    talk.come_back()
    assert run(talk, START + 60 * DAY) == [(6 * DAY, "remind")]


@pytest.mark.parametrize("make", [waiting, registered, ended])
def test_a_message_of_more_than_a_week_ago_is_not_sent(make: object) -> None:
    assert callable(make)
    talk: Conversation = make()
    talk.now = START + 13 * DAY
    assert talk.wake() == ()
    assert talk.ticket.open if make is waiting else True
    assert talk.wake_at is None


def test_of_several_messages_one_is_sent_and_the_others_wait_half_a_day() -> None:
    used = tuple(replace(TIP, key=key) for key in ("a", "b", "c"))
    assert run(registered(*used), START + 60 * DAY) == [
        (DAY, "a"),
        (1.5 * DAY, "b"),
        (2 * DAY, "c"),
    ]


def test_the_keys_of_its_messages_are_never_used_twice() -> None:
    talk = waiting(*ALL)
    run(talk, START + 60 * DAY)
    keys = [each.key for each in talk.effects]
    assert len(set(keys)) == len(keys)


def test_what_has_run_is_remembered_without_end_only_where_it_could_run_again() -> None:
    talk = registered()
    talk.client = replace(talk.client, fired=tuple(f"gone:{number}" for number in range(200)))
    talk.wake()
    assert len(talk.client.fired) == triggers.REMEMBERED
    assert talk.client.fired[-2:] == ("gone:199", "tip")
    many = tuple(replace(TIP, key=f"tip{number}") for number in range(80))
    client = replace(talk.client, fired=tuple(each.key for each in many[:-1]), fired_at=None)
    late = registered(*many)
    late.client = client
    late.wake()
    assert set(late.client.fired) == {each.key for each in many}


# ---- whatever happens


MOMENTS = st.datetimes(min_value=datetime(2024, 3, 1), max_value=datetime(2024, 4, 20), timezones=st.just(UTC))


@st.composite
def ticket(draw: st.DrawFn, number: int) -> Ticket:
    phase = draw(st.sampled_from(Phase))
    over = phase is Phase.DONE
    begun = draw(MOMENTS)
    return Ticket(
        id=f"kc-{number}",  # type: ignore[arg-type]  # a plain word does for an id
        number=number,
        client="telegram:77",  # type: ignore[arg-type]  # a plain word does for an id
        topic="till",
        service_class="urgent",
        cabinet=None,
        subject="Чек",
        opened_at=begun,
        phase=phase,
        phase_at=draw(st.none() | MOMENTS),
        client_at=draw(st.none() | MOMENTS),
        latest=draw(st.none() | st.just(Ref(port="telegram", id="77/1"))),
        lines=tuple(Line(at=draw(MOMENTS), ours=draw(st.booleans()), text="") for _ in range(draw(st.integers(0, 2)))),
        closed_at=draw(MOMENTS) if over else None,
        outcome=draw(st.sampled_from((None, *Outcome))) if over else None,
        card=draw(st.sampled_from((None, Ref(port="kaiten", id=f"card-{number}")))),
        board=draw(st.sampled_from((None, "b1"))),
        promised_at=draw(st.none() | MOMENTS),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Client, Policy]:
    client = Client(
        id=Conversation().client.id,
        chat=CHAT,
        blocked=draw(st.booleans()),
        silent=draw(st.booleans()),
        registered_at=draw(st.none() | MOMENTS),
        fired_at=draw(st.none() | MOMENTS),
        hushed_until=draw(st.none() | MOMENTS),
        tickets=tuple(draw(ticket(number)) for number in range(draw(st.integers(0, 3)))),
    )
    daytime = QuietHours(zone=MOSCOW, start=time(9), end=time(21))
    quiet = draw(st.sampled_from((None, NIGHT, daytime, replace(NIGHT, end=time(20)))))
    used = tuple(
        replace(each, key=f"{each.key}{number}", after=draw(st.timedeltas(timedelta(0), timedelta(days=20))))
        for number, each in enumerate(draw(st.lists(st.sampled_from(ALL), max_size=4)))
    )
    warn_before = draw(st.sampled_from((None, timedelta(minutes=15))))
    return client, replace(POLICY, triggers=used, quiet_hours=quiet, warn_before=warn_before)


@settings(max_examples=400, deadline=None)
@given(situations(), MOMENTS, st.lists(st.timedeltas(timedelta(0), timedelta(days=2)), max_size=20))
def test_the_clock_comes_to_rest_and_nobody_is_pestered(
    situation: tuple[Client, Policy], now: datetime, delays: list[timedelta]
) -> None:
    client, policy = situation
    sent: list[datetime] = []
    # Each trigger on each request is put off once, hushed once and sent once at most; each promise is spoken of once.
    bound = 3 * (len(policy.triggers) + 1) * (len(client.tickets) + 1)
    for count in range(bound):
        moment = agenda.next_moment(client, policy)
        if moment is None:
            break
        now = max(now, moment) + (delays[count] if count < len(delays) else timedelta(0))
        decision = decide(client, TimePassed(key=Key(f"tick/{count}"), at=now, client=client.id), policy)
        assert decision.wake_at is None or decision.wake_at > now
        assert decision.client != client
        client = decision.client
        own = [each for each in every(decision.effects, SendMessage) if each.key.startswith("trigger/")]
        assert len(own) <= 1
        sent += [now for _ in own]
        assert not (own and client.blocked)
        assert not own or waking(now, policy.quiet_hours) == now
    else:
        raise AssertionError("the clock does not come to rest")
    assert all(other - one >= triggers.APART for one, other in pairwise(sent))
    assert client.current is None or any(each.id == client.current and each.open for each in client.tickets)
