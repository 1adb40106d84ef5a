"""A group takes fewer messages than a person."""

from __future__ import annotations

from adapters.telegram.pace import pace


def test_a_person_takes_a_message_a_second_and_a_short_burst() -> None:
    rate, burst = pace("700123")
    assert (rate, burst) == (1.0, 12.0)


def test_a_group_takes_twenty_messages_a_minute() -> None:
    rate, burst = pace("-100700123")
    assert rate * 60 == 20
    assert burst < pace("700123")[1]
