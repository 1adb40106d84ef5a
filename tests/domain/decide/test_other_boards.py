"""A request whose card goes to another line's board, or out of sight."""

from dataclasses import replace

from connector.domain.effects import AddComment, CreateCard, ReplaceCard
from tests.domain.decide.desk import desk
from tests.domain.sample import only, told


def test_another_line_keeps_chat_clock_and_class() -> None:
    talk = desk()
    before = talk.ticket
    assert talk.see("c-queue", board="b3", lane="l-urgent") == ()
    assert talk.ticket == replace(before, board="b3", seen=talk.ticket.seen)
    talk.see("c-queue", board="b3", lane="l-today")
    assert talk.ticket.service_class == "today"
    assert "Взяли в работу" in told(talk.see("c-work", board="b3", lane="l-today"))
    assert only(talk.write("Ну как?"), AddComment).ticket == before.id
    assert told(talk.comment("Чиним")) == "Чиним"
    assert only(talk.comment("#class urgent"), ReplaceCard).board == "b3"


def test_a_board_the_mapping_does_not_know_is_out_of_sight() -> None:
    talk = desk()
    card = talk.ticket.card
    assert talk.see("c-x", board="b9") == ()
    assert talk.ticket.lost
    assert told(talk.comment("Мы здесь")) == "Мы здесь"
    effects = talk.write("Ау")
    order = only(effects, CreateCard)
    assert order.external_id.endswith(".2")
    assert card is not None
    assert card.id in order.description
    assert only(effects, AddComment).ticket == talk.ticket.id


def test_a_card_that_returns_to_a_known_board_is_the_tickets_card_again() -> None:
    talk = desk()
    talk.see("c-x", board="b9")
    talk.see("c-work", board="b3")
    assert not talk.ticket.lost
    assert only(talk.write("Ау"), AddComment)
