"""Clocks computed by hand: each row is a short life of a request, and what one of its clocks shows then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.domain.clock import Measure, Reading, State, explained, read
from connector.domain.stamps import Pause, Present, stamped
from connector.domain.terms import Hours, Reopened, Terms
from connector.domain.ticket import Phase, Stamp, What

MOSCOW, BERLIN, NEW_YORK = map(ZoneInfo, ("Europe/Moscow", "Europe/Berlin", "America/New_York"))
DAY = ((time(9), time(13)), (time(14), time(18)))
CALENDARS: dict[str, Hours | None] = {
    "round": None,
    # May 1st is closed, Saturday the 27th of April is worked like a Monday.
    "office": Hours(
        zone=MOSCOW,
        week=(DAY,) * 5 + ((), ()),
        closed=frozenset({date(2024, 5, 1)}),
        extra=frozenset({date(2024, 4, 27)}),
    ),
    "nights": Hours(zone=MOSCOW, week=(((time(22), time(6)),),) * 7),
    "berlin": Hours(zone=BERLIN, week=(((time(0), time(0)),),) * 7),
    "berlin-nights": Hours(zone=BERLIN, week=(((time(0), time(6)),),) * 7),
    "new-york": Hours(zone=NEW_YORK, week=(((time(9), time(17)),),) * 5 + ((), ())),
}
F, N, R = Measure.FIRST_REPLY, Measure.NEXT_REPLY, Measure.RESOLUTION
MET, LATE, RUNS, STILL = State.MET, State.BREACHED, State.RUNNING, State.PAUSED


def moment(text: str, calendar: str) -> datetime:
    """`01.04 10:00` of 2024, by the wall clock of the calendar's zone."""
    hours = CALENDARS[calendar]
    local = datetime.strptime(f"2024 {text.strip()}", "%Y %d.%m %H:%M").replace(tzinfo=hours.zone if hours else MOSCOW)
    return local.astimezone(UTC)


def life(text: str, calendar: str) -> tuple[Stamp, ...]:
    """`01.04 10:00 asks; 10:04 answers`: a date holds until the next one; it begins in the class `usual`."""
    stamps: tuple[Stamp, ...] = ()
    day = ""
    now: Present | None = None
    for part in text.split(";"):
        *when, deed = part.split()
        day = when[0] if len(when) == 2 else day
        at = moment(f"{day} {when[-1]}", calendar)
        if now is None:
            if deed == "asks":
                stamps = (Stamp(at=at, what=What.ASKED),)
            now = Present(
                at=at, asked=None, answered=False, phase=Phase.QUEUE, service_class="usual", topic="", blocked=False,
                paused=False,
            )  # fmt: skip
            if "opens" not in text:
                stamps = stamped(stamps, now)
            continue
        now = replace(now, at=at, asked=None, answered=False)
        match deed:
            case "asks":
                now = replace(now, asked=at, phase=Phase.QUEUE if now.phase is Phase.DONE else now.phase)
            case "answers":
                now = replace(now, answered=True)
            case "work" | "waiting" | "done" | "queue":
                now = replace(now, phase=Phase(deed))
            case "blocks" | "returns":
                now = replace(now, blocked=deed == "blocks")
            case "parks" | "unparks":
                now = replace(now, paused=deed == "parks")
            case "opens":
                pass
            case _:
                now = replace(now, service_class=deed)
        fresh = stamped(stamps, now)
        if deed == "answers" and len(fresh) < len(stamps):
            fresh = (*stamps, Stamp(at=at, what=What.ANSWERED))  # settled rounds are seen here too
        stamps = fresh
    return stamps


# What happens · read at · which clock · its target and what it has counted, both in minutes · calendar · state · due
CASES = {
    # ---- in hours, at night, over breaks and days off
    "answered in four minutes": ("01.04 10:00 asks; 10:04 answers", "01.04 11:00", F, 5, 4, "office", MET, None),
    "answered a minute late": (
        "01.04 10:00 asks; 10:06 answers", "01.04 11:00", F, 5, 6, "office", LATE, "01.04 10:05"),
    "answered in the last moment": ("01.04 10:00 asks; 10:05 answers", "01.04 11:00", F, 5, 5, "office", MET, None),
    "asked in the evening, answered at 9:03": (
        "01.04 19:00 asks; 02.04 09:03 answers", "02.04 10:00", F, 5, 3, "office", MET, None),
    "over the break: 2 before and 2 behind it": (
        "01.04 12:58 asks; 14:02 answers", "01.04 15:00", F, 5, 4, "office", MET, None),
    "asked within the break: from 14:00 on": (
        "01.04 13:30 asks; 14:06 answers", "01.04 15:00", F, 5, 6, "office", LATE, "01.04 14:05"),
    "over the weekend: 2 on Friday, 2 on Monday": (
        "05.04 17:58 asks; 08.04 09:02 answers", "08.04 10:00", F, 5, 4, "office", MET, None),
    "asked on Saturday, unanswered on Monday 9:10": (
        "06.04 12:00 asks", "08.04 09:10", F, 5, 10, "office", LATE, "08.04 09:05"),
    "over May 1st: 3 on the 30th, 1 on the 2nd": (
        "30.04 17:57 asks; 02.05 09:01 answers", "02.05 10:00", F, 5, 4, "office", MET, None),
    "into a Saturday that is worked: 1 + 3": (
        "26.04 17:59 asks; 27.04 09:03 answers", "27.04 10:00", F, 5, 4, "office", MET, None),
    "further words do not move the start": (
        "01.04 10:00 asks; 10:03 asks; 10:04 answers", "01.04 11:00", F, 5, 4, "office", MET, None),
    "nobody has answered yet": ("01.04 10:00 asks", "01.04 10:04", F, 5, 4, "office", RUNS, "01.04 10:05"),
    "day and night, Saturday to Sunday": (
        "06.04 23:00 asks", "07.04 03:00", R, 300, 240, "round", RUNS, "07.04 04:00"),
    "a night shift: 23 to 6 is 7 h, 22 to 23 the next night": (
        "01.04 23:00 asks", "02.04 23:00", R, 600, 480, "nights", RUNS, "03.04 01:00"),
    # ---- the end
    "done in 3 + 2 hours": ("01.04 10:00 asks; 16:00 done", "02.04 10:00", R, 300, 300, "office", MET, None),
    "done a minute too late": (
        "01.04 10:00 asks; 16:01 done", "02.04 10:00", R, 300, 301, "office", LATE, "01.04 16:00"),
    "a working day from noon: 1 + 4 + 3 h": (
        "01.04 12:00 asks", "02.04 11:00", R, 480, 420, "office", RUNS, "02.04 12:00"),
    "two days from Friday 16:00: 2 + 8 + 6 h": (
        "05.04 16:00 asks", "05.04 17:00", R, 960, 60, "office", RUNS, "09.04 16:00"),
    "two hours over May 1st: 1 + 1": ("30.04 17:00 asks", "01.05 12:00", R, 120, 60, "office", RUNS, "02.05 10:00"),
    "a day over a worked Saturday: 4 + 4 h": (
        "26.04 14:00 asks", "27.04 12:00", R, 480, 420, "office", RUNS, "27.04 13:00"),
    "used up at closing time is due then": (
        "01.04 17:00 asks; 20:00 done", "02.04 10:00", R, 60, 60, "office", LATE, "01.04 18:00"),
    # ---- pauses
    "an hour of waiting: 60 + 30, and 240 left at 12:00": (
        "01.04 10:00 asks; 11:00 waiting; 12:00 work", "01.04 12:30", R, 300, 90, "round", RUNS, "01.04 16:00"),
    "still waiting": ("01.04 10:00 asks; 11:00 waiting", "01.04 15:00", R, 300, 60, "round", STILL, None),
    "the client's words end it, wherever the card stands": (
        "01.04 10:00 asks; 10:30 answers; 11:00 waiting; 12:00 asks", "01.04 13:00", R, 300, 120, "round", RUNS,
        "01.04 16:00"),
    "and an answer begins it anew: 60 + 30": (
        "01.04 10:00 asks; 10:30 answers; 11:00 waiting; 12:00 asks; 12:30 answers", "01.04 15:00", R, 300, 90, "round",
        STILL, None),
    "waiting over night: 30 + 60, then 3 h and 1.5 h": (
        "01.04 17:00 asks; 17:30 waiting; 02.04 10:00 work", "02.04 11:00", R, 300, 90, "office", RUNS, "02.04 15:30"),
    "a client who stopped the bot: 2 + 2": (
        "01.04 10:00 asks; 10:02 blocks; 12:00 returns; 12:02 answers", "01.04 13:00", F, 5, 4, "round", MET, None),
    "and has not come back": ("01.04 10:00 asks; 10:02 blocks", "01.04 15:00", F, 5, 2, "round", STILL, None),
    "a column that pauses: 3 + 1": (
        "01.04 10:00 asks; 10:03 parks; 11:00 unparks", "01.04 11:01", F, 5, 4, "round", RUNS, "01.04 11:02"),
    "pauses that overlap: 10 + 20, and 290 left at 10:40": (
        "01.04 10:00 asks; 10:10 waiting; 10:20 blocks; 10:30 work; 10:40 returns", "01.04 11:00", R, 300, 30, "round",
        RUNS, "01.04 15:30"),
    "breached before the pause": (
        "01.04 10:00 asks; 10:10 waiting", "01.04 11:00", F, 5, 10, "round", LATE, "01.04 10:05"),
    # ---- lanes
    "into a slower class": (
        "01.04 10:00 asks; 14:00 slow", "01.04 16:00", R, 300, 360, "round", RUNS, "03.04 10:00"),
    "into a faster class, too late": (
        "01.04 10:00 asks; 10:00 slow; 16:00 usual", "01.04 16:00", R, 300, 360, "round", LATE, "01.04 15:00"),
    "into a class with other hours: 1 h on Monday, 2 h on Tuesday": (
        "01.04 17:00 asks; 02.04 10:00 office", "02.04 11:00", R, 300, 180, "round", RUNS, "02.04 17:00"),
    "the first answer is judged by the class it was given in": (
        "01.04 10:00 asks; 10:00 slow; 10:30 answers; 10:40 usual", "01.04 11:00", F, 5, 30, "round", MET, None),
    # ---- opened again
    "goes on after two hours closed: 120 + 60": (
        "01.04 10:00 asks; 12:00 done; 14:00 asks", "01.04 15:00", R, 300, 180, "round", RUNS, "01.04 17:00"),
    "begins anew where the mapping says so": (
        "01.04 10:00 asks; 12:00 done; 14:00 asks", "01.04 15:00", R, 300, 60, "round restarts", RUNS, "01.04 19:00"),
    "the answer after that": (
        "01.04 10:00 asks; 10:05 answers; 12:00 done; 14:00 asks; 14:20 answers", "01.04 15:00", N, 30, 20, "round",
        MET, None),
    "what was breached before stays so": (
        "01.04 10:00 asks; 16:00 done; 18:00 asks", "01.04 19:00", R, 300, 420, "round", LATE, "01.04 15:00"),
    # ---- the next answers
    "the next answer, from the first of two words": (
        "01.04 10:00 asks; 10:05 answers; 11:00 asks; 11:10 asks; 11:29 answers", "01.04 12:00", N, 30, 29, "round",
        MET, None),
    "the next answer a minute late": (
        "01.04 10:00 asks; 10:05 answers; 11:00 asks; 11:31 answers", "01.04 12:00", N, 30, 31, "round", LATE,
        "01.04 11:30"),
    "closing settles what was asked": ("01.04 10:00 asks; 10:03 done", "01.04 12:00", F, 5, 3, "round", MET, None),
    "the client chooses the topic for 20 minutes": (
        "01.04 10:00 asks; 10:20 opens; 10:24 answers", "01.04 11:00", F, 5, 4, "round", MET, None),
    # ---- when the clocks change
    "the short day in March: 23 hours by noon": (
        "30.03 12:00 asks", "31.03 12:00", R, 1440, 1380, "berlin", RUNS, "31.03 13:00"),
    "the long day in October: 23 hours by 10": (
        "26.10 12:00 asks", "27.10 10:00", R, 1440, 1380, "berlin", RUNS, "27.10 11:00"),
    "the night of five hours": (
        "31.03 00:00 asks", "31.03 12:00", R, 360, 300, "berlin-nights", RUNS, "01.04 01:00"),
    "the night of seven hours": (
        "27.10 00:00 asks; 06:00 done", "27.10 12:00", R, 360, 420, "berlin-nights", LATE, "27.10 05:00"),
    "a Sunday on which nobody works": (
        "08.03 16:30 asks; 11.03 09:30 answers", "11.03 12:00", F, 90, 60, "new-york", MET, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str) -> None:
    text, at, measure, target, counted, calendar, state, due = CASES[name]
    calendar, _, restarts = calendar.partition(" ")
    found = reading(text, at, measure, target, calendar, Reopened.RESTARTS if restarts else Reopened.CONTINUES)
    assert found.used == timedelta(minutes=counted)
    assert found.state is state
    assert found.due == (moment(due, calendar) if due is not None else None)
    spans = list(explained(found))
    assert sum((each.ends - each.begins for each in spans if each.pause is None), timedelta()) == found.used
    assert sum((each.ends - each.begins for each in spans), timedelta()) == (found.ends or found.read_at) - found.begins


def reading(
    text: str, at: str, measure: Measure, target: int, calendar: str, reopened: Reopened = Reopened.CONTINUES
) -> Reading:
    hours = CALENDARS[calendar]
    minutes = timedelta(minutes=1)
    classes = {
        "usual": Terms(
            first_reply=target * minutes, next_reply=target * minutes, resolution=target * minutes, hours=hours
        ),
        "slow": Terms(first_reply=60 * minutes, resolution=2880 * minutes, hours=hours),
        "office": Terms(resolution=480 * minutes, hours=CALENDARS["office"]),
    }
    found = read(life(text, calendar), lambda key, _: classes[key], moment(at, calendar), reopened=reopened)
    return [each for each in found if each.measure is measure][-1]


def test_there_are_more_than_forty_cases() -> None:
    assert len(CASES) >= 40


def test_every_paused_stretch_has_its_reason() -> None:
    found = reading(
        "30.04 16:00 asks; 17:00 waiting; 17:30 work; 02.05 10:00 blocks; 10:10 returns; 10:20 parks; 10:30 unparks;"
        "10:40 done; 11:00 asks",
        "02.05 11:30", R, 480, "office",
    )  # fmt: skip
    told = [(f"{each.begins.astimezone(MOSCOW):%d %H:%M}", each.pause) for each in explained(found)]
    assert told == [
        ("30 16:00", None),
        ("30 17:00", Pause.WAITING),
        ("30 17:30", None),
        ("30 18:00", Pause.OFF_HOURS),
        ("02 09:00", None),
        ("02 10:00", Pause.BLOCKED),
        ("02 10:10", None),
        ("02 10:20", Pause.COLUMN),
        ("02 10:30", None),
        ("02 10:40", Pause.CLOSED),
        ("02 11:00", None),
    ]


def test_it_is_at_risk_from_the_share_of_the_target_on_that_the_mapping_says() -> None:
    for at, risk in (("01.04 10:03", False), ("01.04 10:04", True), ("01.04 10:05", True), ("01.04 10:06", False)):
        assert reading("01.04 10:00 asks", at, F, 5, "round").at_risk is risk
    assert reading("01.04 10:00 asks", "01.04 10:06", F, 5, "round").state is LATE


def test_a_request_of_a_class_that_is_gone_is_measured_all_the_same() -> None:
    stamps = life("01.04 10:00 asks", "round")
    found = read(stamps, lambda *_: None, moment("01.04 11:00", "round"))
    assert {(each.measure, each.used, each.due, each.state) for each in found} == {
        (F, timedelta(hours=1), None, RUNS),
        (R, timedelta(hours=1), None, RUNS),
    }
