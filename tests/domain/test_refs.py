"""Ids of requests: made of what opened them, known again on whatever card carries them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.refs import TicketId, ticket_named, ticket_on


@given(what=st.text(), other=st.text())
def test_one_cause_makes_one_request(what: str, other: str) -> None:
    assert (ticket_named(what) == ticket_named(other)) is (what == other)


@given(what=st.text(), card=st.integers(min_value=1, max_value=999_999_999))
def test_every_card_of_a_request_names_it(what: str, card: int) -> None:
    ticket = ticket_named(what)
    assert ticket_on(ticket if card == 1 else f"{ticket}.{card}") == (ticket, card)


@pytest.mark.parametrize(
    "external_id", ["", "order-17", "kc-", "kc-0a0a", f"kc-{'0A' * 10}", f"kc-{'0a' * 10}.0", f"xkc-{'0a' * 10}"]
)
def test_ids_of_others_name_no_request(external_id: str) -> None:
    assert ticket_on(external_id) is None


def test_an_id_stays_what_it_was_for_cards_that_exist() -> None:
    assert ticket_named("telegram:1/2") == TicketId("kc-a44ad5a6ef50a0e7f73c")
