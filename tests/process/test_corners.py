"""Corners of the main job through the real process: large files, edits, restricted routes, lost cards, blocked bots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.company import Company

CLIENT = 710_001


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Company(folder=tmp_path) as company:
        company.start()
        company.client(CLIENT, "Ольга")
        company.register(CLIENT)
        company.says(CLIENT, "Не сходится отчёт")
        company.until("the card", company.cards)
        company.until("its tags", lambda: len(company.cards()[0]["tags"]) == 2)
        yield company


def _card(company: Company) -> dict[str, Any]:
    return company.cards()[0]


def _texts(company: Company) -> list[str]:
    return [message["text"] or "" for message in company.from_bot(CLIENT) if not message["deleted"]]


def _comment_texts(company: Company) -> str:
    return "\n".join(comment["text"] for comment in _card(company)["comments"])


def test_a_file_too_large_for_the_bot_is_named_to_the_client_and_on_the_card(company: Company) -> None:
    company.sends(CLIENT, "video", size=30_000_000, file_name="ролик.mp4")
    company.until("word to the client", lambda: any("ролик.mp4" in text for text in _texts(company)))
    company.until("its name on the card", lambda: "ролик.mp4" in _comment_texts(company))


def test_a_clients_edit_changes_its_comment_and_no_other(company: Company) -> None:
    first = company.says(CLIENT, "сумма 100")
    company.says(CLIENT, "и ещё вопрос")
    company.until("two comments", lambda: len(_card(company)["comments"]) == 2)
    company._chat("PUT", f"/sandbox/chats/{CLIENT}/messages/{first}", json={"text": "сумма 1000"})
    company.until("the change", lambda: "сумма 1000" in _comment_texts(company))
    assert len(_card(company)["comments"]) == 2
    assert "и ещё вопрос" in _card(company)["comments"][1]["text"]


def test_an_agents_edit_and_removal_follow_to_the_chat(company: Company) -> None:
    card = _card(company)["id"]
    comment = company.comments(card, "anna", "Ответ с опечяткой")["id"]
    company.until("the answer", lambda: any("опечяткой" in text for text in _texts(company)))
    path = f"/sandbox/cards/{card}/comments/{comment}"
    company._board("PATCH", path, json={"user": "anna", "text": "Ответ без опечатки"})
    company.until("the correction", lambda: any("без опечатки" in text for text in _texts(company)))
    assert not any("опечяткой" in text for text in _texts(company))
    company.kaiten.request("DELETE", path, json={"user": "anna"}).raise_for_status()
    company.until("it is taken back", lambda: not any("без опечатки" in text for text in _texts(company)))


def test_an_agents_file_reaches_the_client_in_its_kind(company: Company) -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    company.comments(
        _card(company)["id"], "anna", "Вот снимок", files=[{"name": "снимок.png", "base64": png, "mime": "image/png"}]
    )
    company.until("the picture", lambda: any(message["kind"] == "photo" for message in company.from_bot(CLIENT)[3:]))


def test_files_take_the_restricted_route_once_the_public_one_is_refused(tmp_path: Path) -> None:
    with Company(folder=tmp_path, kaiten_options={"legacy_files": False}) as company:
        company.start()
        company.client(CLIENT)
        company.register(CLIENT)
        company.sends(CLIENT, "photo", caption="первое фото")
        company.until("the card with its file", lambda: (found := company.cards()) and found[0]["files"])
        company.sends(CLIENT, "voice")
        company.until(
            "the voice under a comment", lambda: any(comment["files"] for comment in _card(company)["comments"])
        )
        refused = [call for call in company.board_calls() if call["status"] == 403]
        assert len(refused) <= 1
        company.comments(
            _card(company)["id"], "anna", "см. файл", files=[{"name": "a.txt", "base64": "YQ==", "mime": "text/plain"}]
        )
        company.until(
            "the agent's file", lambda: any(message["kind"] == "document" for message in company.from_bot(CLIENT))
        )


def test_after_a_card_is_archived_the_next_words_open_a_linked_one(company: Company) -> None:
    first = _card(company)["id"]
    company._board("POST", f"/sandbox/cards/{first}/archive", json={"user": "anna"})
    company.until("the archive is noticed", lambda: "archived" in company.log() or ":archived" in company.log(), 30)
    company.says(CLIENT, "вы ещё здесь?")
    card = company.until("a new card", lambda: [card for card in company.cards() if card["id"] != first])[0]
    company.until("the words on it", lambda: "вы ещё здесь?" in str(company.cards()))
    assert "Не сходится отчёт" in card["title"] + card["description"]


def test_words_to_a_card_that_was_deleted_meanwhile_wait_for_the_new_one(company: Company) -> None:
    first = _card(company)["id"]
    company._board("POST", f"/sandbox/cards/{first}/delete", json={"user": "anna"})
    for number in range(3):
        company.says(CLIENT, f"строка {number}")
    company.until("all on a new card", lambda: all(f"строка {number}" in str(company.cards()) for number in range(3)))
    cards = company.cards()
    assert len(cards) == 1
    lines = [comment["text"] for comment in cards[0]["comments"] if "строка" in comment["text"]]
    assert [line.strip()[-1] for line in lines] == ["0", "1", "2"]


def test_a_blocked_bot_is_noted_on_the_card_and_the_answer_waits_for_the_return(company: Company) -> None:
    company._chat("POST", f"/sandbox/chats/{CLIENT}/block")
    company.until("the note", lambda: any(comment["internal"] for comment in _card(company)["comments"]))
    company.comments(_card(company)["id"], "anna", "Готово, проверьте")
    company.until("the failed answer", lambda: "blocked" in company.log())
    company._chat("POST", f"/sandbox/chats/{CLIENT}/unblock")
    company.says(CLIENT, "я снова тут")
    company.until("the answer after all", lambda: any("Готово, проверьте" in text for text in _texts(company)))


def test_a_lost_webhook_costs_a_poll_not_an_answer(tmp_path: Path) -> None:
    with Company(folder=tmp_path, webhook=False) as company:
        company.start()
        company.client(CLIENT)
        company.register(CLIENT)
        company.says(CLIENT, "вопрос")
        card = company.until("the card", company.cards)[0]
        company.comments(card["id"], "anna", "ответ без вебхука")
        company.until("the answer", lambda: any("ответ без вебхука" in text for text in _texts(company)))


def test_an_agent_who_shares_the_token_is_heard_and_our_own_lines_are_not(company: Company) -> None:
    company.says(CLIENT, "строка клиента")
    company.until("the comment", lambda: "строка клиента" in _comment_texts(company))
    company.comments(_card(company)["id"], "bot", "пишу тем же токеном")
    company.until("the answer", lambda: any("пишу тем же токеном" in text for text in _texts(company)))
    assert not any("строка клиента" in text for text in _texts(company))


def test_done_and_written_again_reopens_the_same_card(company: Company) -> None:
    card = _card(company)
    company.moves(card["id"], "anna", column="Готово")
    company.until("word that it is done", lambda: any("закрыто" in text for text in _texts(company)))
    company.says(CLIENT, "всё равно не работает")
    company.until("the words on the same card", lambda: "всё равно не работает" in _comment_texts(company))
    queue = company.until("it is back in the queue", lambda: _card(company)["state"] == 1)
    assert queue
    assert len(company.cards()) == 1


def test_a_long_answer_with_formatting_arrives_whole(company: Company) -> None:
    text = "**Важно.** " + "Сделайте так, пожалуйста: откройте настройки 🙂. " * 150
    company.comments(_card(company)["id"], "anna", text[:3900])
    company.until("both parts", lambda: "Важно" in "".join(_texts(company)))
    joined = "".join(_texts(company))
    assert joined.count("откройте настройки") == text[:3900].count("откройте настройки")
