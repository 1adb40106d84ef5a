"""Orders that end a request or make one of another."""

import pytest

from connector.domain.effects import AddComment, CreateCard, Meaning, MoveCard, SendMessage
from connector.domain.ticket import Outcome, Phase
from tests.domain.decide.desk import desk, note, notes, now, two
from tests.domain.sample import every, message, only, told

# ---- merge and split


def test_merging_closes_the_one_and_goes_on_with_the_other() -> None:
    talk = two()
    first, second = talk.client.tickets
    effects = talk.comment(f"#merge №{first.number}", ticket=second)
    assert now(talk, second).outcome is Outcome.MERGED
    assert now(talk, second).merged_into == first.id
    assert now(talk, first).open
    assert talk.client.current == first.id
    assert only(effects, MoveCard).ticket == second.id
    said = notes(effects)
    assert f"№{first.number}" in said[second.id]
    assert f"№{second.number}" in said[first.id]
    assert "card-" in said[first.id]
    assert len(every(effects, SendMessage)) == 1
    assert f"№{first.number}" in told(effects)
    assert f"№{second.number}" in told(effects)
    assert only(talk.write("Ещё вот что"), AddComment).ticket == first.id


def test_words_that_quote_a_merged_request_go_where_it_went_on() -> None:
    talk = two()
    first, second = talk.client.tickets
    talk.write("Вот чек", number="m")
    talk.comment(f"#merge {first.number}", ticket=second)
    assert only(talk.write("К этому", reply_to=message("m")), AddComment).ticket == first.id
    talk.see("c-done", ticket=now(talk, first))
    effects = talk.write("Снова", reply_to=message("m"))
    assert only(effects, AddComment).ticket == first.id
    assert not now(talk, second).open
    assert now(talk, first).open


def test_a_merged_request_is_reopened_by_agents_only() -> None:
    talk = two()
    first, second = talk.client.tickets
    talk.see("c-done", ticket=first)
    talk.later(minutes=5)
    effects = talk.comment(f"#merge {first.number}", ticket=second)
    assert now(talk, second).open, "into a closed one nothing is merged"
    assert "открытого" in note(effects).lower()
    third = talk.open("howto", "Как вернуть")
    merged = talk.comment(f"#merge {third.number}", ticket=second)
    talk.done(only(merged, MoveCard))
    talk.see("c-queue", ticket=now(talk, second), board="b2")
    assert now(talk, second).open
    assert now(talk, second).merged_into is None


@pytest.mark.parametrize(("words", "part"), [("", "Открытые"), ("сюда", "Открытые"), ("99", "№99"), ("13", "и есть")])
def test_a_merge_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    talk = two()
    effects = talk.comment(f"#merge {words}")
    assert part in note(effects)
    assert len(effects) == 1
    assert all(each.open for each in talk.client.tickets)


def test_a_single_request_has_nothing_to_merge_into() -> None:
    talk = desk()
    assert "не с чем" in note(talk.comment("#merge 5"))
    assert "не с чем" in note(talk.comment("#merge"))


def test_splitting_opens_a_request_that_the_next_words_go_to() -> None:
    talk = desk()
    source = talk.ticket
    talk.write("И счёт не пришёл")
    effects = talk.comment("#split оплата")
    fresh = talk.ticket
    card = only(effects, CreateCard)
    assert fresh.id == card.ticket != source.id
    assert (fresh.topic, fresh.service_class, fresh.subject) == ("money", "today", "И счёт не пришёл")
    assert fresh.number == source.number + 1
    assert f"№{source.number}" in card.description
    assert "card-" in card.description
    assert f"№{fresh.number}" in told(effects)
    assert f"№{fresh.number}" in notes(effects)[source.id]
    assert talk.client.current == fresh.id
    assert only(talk.write("Номер счёта 5"), AddComment).ticket == fresh.id
    assert now(talk, source).open


def test_without_a_topic_the_split_keeps_the_old_one_and_its_class() -> None:
    talk = desk()
    talk.comment("#class today")
    talk.comment("#split")
    assert (talk.ticket.topic, talk.ticket.service_class) == ("till", "today")
    assert "Оплата" in note(talk.comment("#split деньги"))


# ---- the end


def test_closing_tells_the_client_and_asks_how_it_was() -> None:
    talk = desk()
    effects = talk.comment("#close")
    assert (talk.ticket.outcome, talk.ticket.closed_at, talk.ticket.phase) == (Outcome.DONE, talk.now, Phase.DONE)
    assert only(effects, MoveCard).meaning is Meaning.DONE
    assert "закрыто" in told(effects)
    assert [len(each.buttons) for each in every(effects, SendMessage)] == [0, 1]
    assert "закрыто" in note(effects)
    assert talk.client.current is None
    talk.done(only(effects, MoveCard))
    assert talk.see("c-done") == ()


@pytest.mark.parametrize("word", ["norating", "NoRating", "без оценки"])
def test_closing_without_a_rating_asks_nothing(word: str) -> None:
    talk = desk()
    effects = talk.comment(f"#close {word}")
    assert not talk.ticket.open
    assert len(every(effects, SendMessage)) == 1
    assert not talk.ticket.asked_rating


def test_a_muted_request_is_rated_only_when_the_order_says_so() -> None:
    talk = desk()
    talk.comment("#mute")
    effects = talk.comment("#close rating")
    assert [len(each.buttons) for each in every(effects, SendMessage)] == [1]


def test_closing_with_words_nobody_understands_closes_nothing() -> None:
    talk = desk()
    effects = talk.comment("#close спасибо за обращение")
    assert "спасибо за обращение" in note(effects)
    assert talk.ticket.open
