"""What is left of a forgotten client's request, and which lines of other texts told of it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.domain import earlier
from connector.domain.card import BLOCK_BEGIN, BLOCK_END
from connector.domain.forgotten import SHORTEST, bare, left_of, needles, subjects, tells, without, without_in_block
from connector.domain.policy import HistoryRule
from connector.domain.refs import ClientId
from connector.domain.ticket import Line, Outcome, Phase, Ticket
from tests.domain.sample import POLICY, START, opened

NOBODY = ClientId("forgotten:1")
SECRET = "Сломался терминал оплаты на мойке №7, срочно приезжайте кто-нибудь, клиенты ждут"


def _request() -> Ticket:
    ticket = opened().ticket
    return replace(
        ticket, subject=SECRET, cabinet="70771", answer="Перезагрузите *терминал* дважды", people=("Аделаида",),
        lines=(Line(at=START, ours=False, text="слова клиента"), Line(at=START, ours=True, text="наш ответ")),
        labels=("vip",), block="aa",
    )  # fmt: skip


def test_no_word_of_anybody_is_left_and_the_figures_are() -> None:
    ticket = replace(_request(), mark="good", answered_at=START + timedelta(minutes=3))
    left = left_of(ticket, NOBODY, START + timedelta(hours=1))
    written = repr(left)
    for secret in (SECRET, "70771", "Перезагрузите", "Аделаида", "слова", "наш ответ", "vip", str(ticket.client)):
        assert secret not in written
    assert (left.number, left.topic, left.mark, left.answered_at) == (
        ticket.number, ticket.topic, "good", ticket.answered_at,
    )  # fmt: skip
    assert (left.client, left.phase, left.outcome) == (NOBODY, Phase.DONE, Outcome.WITHDRAWN)
    assert left.closed_at == START + timedelta(hours=1)


def test_the_end_of_a_closed_request_stays_as_it_was() -> None:
    ticket = replace(_request(), phase=Phase.DONE, closed_at=START, outcome=Outcome.HELPED)
    left = left_of(ticket, NOBODY, START + timedelta(hours=1))
    assert (left.closed_at, left.outcome) == (START, Outcome.HELPED)


def test_every_field_of_a_request_was_thought_of() -> None:
    """A new field is forgotten unless it is named: whoever adds one decides here."""
    kept = {each.name for each in fields(Ticket)} - {
        "moving", "sighted", "opened_by", "former", "replies", "relayed", "lines", "unread", "latest", "warned",
        "away_until", "asked_rating", "held", "delivered", "delivered_at", "troubles", "status", "status_at",
        "status_behind", "block", "earlier", "answer", "labels", "people", "responsible", "merged_into", "asked_why",
        "cabinet", "subject", "paused_at", "clock_at", "clock_tags",
    }  # fmt: skip
    ticket = _request()
    left = left_of(ticket, NOBODY, START)
    named = {name for name in kept if getattr(left, name) == getattr(ticket, name)}
    assert kept - named <= {"client", "phase", "closed_at", "outcome", "muted"}


def test_lines_of_the_history_are_found_whatever_the_board_made_of_them() -> None:
    ticket = replace(_request(), phase=Phase.DONE, closed_at=START, outcome=Outcome.DONE)
    sought = needles([ticket])
    policy = replace(POLICY, history=HistoryRule(shown=5))
    later = replace(opened().ticket, number=ticket.number + 1)
    line, _ = earlier.lines(policy, earlier.past_of(ticket, own=True), later)
    escaped = line.replace("№", "\\№").replace("*", "\\*").replace(".", "\\.")
    assert tells(line, sought)
    assert tells(escaped, sought)
    assert not tells("№3 «Другое» · решено", sought)
    # Whoever wrote the same about a matter of their own keeps it, and so does a request whose number ends alike.
    assert not tells(SECRET, sought)
    assert not tells(line.replace(f"№{ticket.number}", f"№7{ticket.number}"), sought)


def test_only_the_block_of_a_description_loses_lines() -> None:
    mine = "№9 «Чек» слово в слово"
    text = f"{mine}\n\n{BLOCK_BEGIN}\nПрежние:\n{mine}\n№19 «Чек»\n{BLOCK_END}\n{mine}"
    left = without_in_block(text, ("9чек",))
    assert left == f"{mine}\n\n{BLOCK_BEGIN}\nПрежние:\n№19 «Чек»\n{BLOCK_END}\n{mine}"
    assert without_in_block(mine, ("9чек",)) == mine


def test_short_words_are_no_needles() -> None:
    assert subjects([replace(_request(), subject="чек")]) == ()
    assert needles([replace(_request(), number=9, subject="чек")]) == ("9чек",)


@given(st.lists(st.text(alphabet="абв \n", max_size=20)), st.text(alphabet="абв", min_size=SHORTEST, max_size=8))
def test_what_is_left_never_tells_and_the_rest_stays(lines: list[str], needle: str) -> None:
    text = "\n".join(lines)
    left = without(text, (needle,))
    assert not any(needle in bare(line) for line in left.split("\n"))
    kept = [line for line in text.split("\n") if needle not in bare(line)]
    assert left == (text if needle not in bare(text) else "\n".join(kept))


def test_a_line_is_found_though_the_one_before_it_ends_with_a_figure() -> None:
    text = "Обращений: 3, из них открыто: 3\n№1 · Ада\n№11 · Ада\nконец"
    assert without(text, ("1ада",)) == "Обращений: 3, из них открыто: 3\n№11 · Ада\nконец"
