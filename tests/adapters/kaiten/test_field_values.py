"""Values as Kaiten wants them: text read as what its field holds, and refused rather than costing the card."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.field_values import Unfit, figure, shaped
from connector.domain.effects import FieldValue
from connector.domain.layout import CardField, FieldKind

MOSCOW = timezone(timedelta(hours=3))
OPTIONS = (("501", "Телефон"), ("502", "Почта"), ("503", "Ещё один"), ("504", "Два"), ("505", "два"))


def known(kind: FieldKind) -> CardField:
    return CardField(id="7", name="поле", kind=kind, options=OPTIONS)


def day(date: str, time: str | None = None, offset: int | None = None) -> dict[str, object]:
    return {"date": date, "time": time, "tzOffset": offset}


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        (FieldKind.SELECT, ("501",), [501]),
        (FieldKind.SELECT, ("501", "502"), [501, 502]),
        (FieldKind.SELECT, " почта ", [502]),
        (FieldKind.SELECT, "ЕЩЕ  один", [503]),
        (FieldKind.SELECT, "502", [502]),
        (FieldKind.USER, ("12", "13"), [12, 13]),
        (FieldKind.USER, "@Почта", [502]),
        (FieldKind.NUMBER, "12.50", 12.5),
        (FieldKind.NUMBER, " 1\u00a0234,5", 1234.5),
        (FieldKind.NUMBER, "1 234 567", 1234567),
        (FieldKind.NUMBER, "1,234.50", 1234.5),
        (FieldKind.NUMBER, "1.234.567", 1234567),
        (FieldKind.NUMBER, "\u22127", -7),
        (FieldKind.NUMBER, 12.0, 12),
        (FieldKind.CHECKBOX, "Да", True),
        (FieldKind.CHECKBOX, "no", False),
        (FieldKind.CHECKBOX, 1.0, True),
        (FieldKind.CHECKBOX, False, False),
        (FieldKind.STRING, 77.0, "77"),
        (FieldKind.STRING, " a@b.example ", "a@b.example"),
        (FieldKind.DATE, datetime(2026, 6, 22, 14, 30, tzinfo=MOSCOW), day("2026-06-22", "14:30", 180)),
        (FieldKind.DATE, "2026-06-22", day("2026-06-22")),
        (FieldKind.DATE, "2026-06-22T14:30:00Z", day("2026-06-22", "14:30", 0)),
        (FieldKind.DATE, "22.06.2026", day("2026-06-22")),
        (FieldKind.DATE, "1.2.2026, 9:05", day("2026-02-01", "09:05")),
        (FieldKind.OTHER, ("a",), ["a"]),
    ],
)
def test_values_take_the_shape_of_their_field(kind: FieldKind, value: FieldValue, meant: object) -> None:
    assert shaped(value, known(kind)) == meant


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (FieldKind.SELECT, "факс", "no such option"),
        (FieldKind.SELECT, ("999",), "no such option"),
        (FieldKind.SELECT, "999", "no such option"),
        (FieldKind.SELECT, "два", "more than one"),
        (FieldKind.SELECT, (), "no option"),
        (FieldKind.USER, "Незнакомец", "no such user"),
        (FieldKind.NUMBER, "много", "not a number"),
        (FieldKind.NUMBER, "nan", "not a number"),
        (FieldKind.NUMBER, "1e9", "not a number"),
        (FieldKind.NUMBER, "12 34", "not a number"),
        (FieldKind.NUMBER, "12345678901234567890", "not a number"),
        (FieldKind.NUMBER, True, "not a number"),
        (FieldKind.CHECKBOX, "может быть", "neither yes nor no"),
        (FieldKind.DATE, "вчера", "not a date"),
        (FieldKind.DATE, "31.02.2026", "not a date"),
        (FieldKind.DATE, 5.0, "not a date"),
        (FieldKind.STRING, " ", "empty"),
        (FieldKind.OTHER, "слова", "takes no text"),
    ],
)
def test_what_does_not_fit_is_told_why(kind: FieldKind, value: FieldValue, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        shaped(value, known(kind))


def test_a_select_whose_options_are_not_known_takes_ids_alone() -> None:
    unread = CardField(id="7", name="поле", kind=FieldKind.SELECT)
    assert shaped(("501",), unread) == [501]
    with pytest.raises(Unfit):
        shaped("501", unread)


def test_without_a_layout_the_value_tells_its_shape() -> None:
    moment = datetime(2026, 6, 22, 14, 30, tzinfo=UTC)
    assert shaped(("501",), None) == [501]
    assert shaped(True, None) is True
    assert shaped(3.0, None) == 3
    assert shaped("12", None) == "12"
    assert shaped(moment, None) == day("2026-06-22", "14:30", 0)


@given(st.sampled_from(list(FieldKind)), st.text() | st.floats() | st.booleans() | st.lists(st.text()).map(tuple))
def test_no_value_breaks_the_reading_nor_stands_in_its_refusal(kind: FieldKind, value: FieldValue) -> None:
    try:
        shaped(value, known(kind))
    except Unfit as no:
        said = str(no)
        assert said in REASONS


REASONS = {
    "it has no such option", "it has no such user", "more than one option has that name",
    "more than one user has that name", "no option is named", "no user is named", "it is not a number",
    "it is neither yes nor no", "it is not a date", "it is not a date such as 2026-01-31 or 31.01.2026",
    "it is empty", "a field of this kind takes no text",
}  # fmt: skip


@given(st.integers(-(10**9), 10**9), st.integers(0, 99))
def test_a_sum_is_read_as_both_languages_write_it(whole: int, cents: int) -> None:
    sign = "-" if whole < 0 else ""
    meant = float(f"{sign}{abs(whole)}.{cents:02}")
    english = f"{sign}{abs(whole):,}.{cents:02}"
    russian = english.replace(",", " ").replace(".", ",")
    assert figure(english) == figure(russian) == meant
