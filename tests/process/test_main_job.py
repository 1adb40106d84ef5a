"""The main job through the real process over sockets: words become a card, a comment becomes an answer."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.company import BOARD_TOKEN, HOOK_SECRET, TELEGRAM_TOKEN, Company, stop

CLIENT = 700_001


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Company(folder=tmp_path) as company:
        yield company


def _texts(company: Company, chat: int = CLIENT) -> str:
    return "\n".join(message["text"] or "" for message in company.from_bot(chat))


def _visible(text: str) -> str:
    return re.sub("[\u200b\u200c\u200d\u2060\u2063]", "", text)


def test_words_photo_and_voice_become_a_card_and_a_comment_becomes_an_answer(company: Company) -> None:
    company.start()
    company.client(CLIENT, "Иван")
    company.register(CLIENT, cabinet="123456", topic="Касса и оплата")
    company.says(CLIENT, "Касса не печатает чеки")
    company.until("a receipt with the request's number", lambda: "№" in _texts(company))
    card = company.until("the card", company.cards)[0]
    assert (card["board"], card["title"]) == ("Касса и оплата", "Касса не печатает чеки")
    assert card["due_date"] is not None
    assert card["properties"]["Кабинет"] == "123456"
    assert card["properties"]["Источник"] == ["Telegram"]
    assert [member["full_name"] for member in card["members"] if member["responsible"]] == ["Telegram"]
    assert "Касса не печатает чеки" in card["description"]
    company.until("the tags", lambda: len(company.cards()[0]["tags"]) >= 2)
    company.sends(CLIENT, "photo", caption="вот экран")
    company.sends(CLIENT, "voice")
    company.says(CLIENT, "жду")
    comments = company.until("three comments", lambda: len(found := company.cards()[0]["comments"]) == 3 and found)
    assert "вот экран" in comments[0]["text"]
    assert [len(comment["files"]) for comment in comments] == [1, 1, 0]
    assert comments[1]["files"][0]["name"].endswith((".ogg", ".oga"))
    assert "жду" in comments[2]["text"]

    company.comments(card["id"], "anna", "Здравствуйте! **Перезапустите** кассу.")
    company.until("the answer", lambda: "Здравствуйте! Перезапустите кассу." in _texts(company))
    company.comments(card["id"], "anna", "он опять ничего не понял", internal=True)
    company.comments(card["id"], "anna", "// между нами: это третий раз")
    company.moves(card["id"], "anna", column="В работе")
    company.until("word that it is being worked on", lambda: len(company.from_bot(CLIENT)) >= 5)
    company.moves(card["id"], "anna", column="Готово")
    before = len(company.from_bot(CLIENT))
    company.until("word that it is done", lambda: len(company.from_bot(CLIENT)) > before)
    assert "не понял" not in _texts(company)
    assert "между нами" not in _texts(company)


def test_the_first_words_before_a_topic_are_kept_and_land_on_the_card(company: Company) -> None:
    company.start()
    company.client(CLIENT)
    company.sends(CLIENT, "voice")
    company.says(CLIENT, "/start")
    company.until("a question", lambda: company.from_bot(CLIENT))
    company.says(CLIENT, "123456")
    company.choose(CLIENT, "Оборудование")
    card = company.until("the card", company.cards)[0]
    company.until(
        "the voice on the card",
        lambda: [f for c in company.cards() for f in (*c["files"], *(x for m in c["comments"] for x in m["files"]))],
    )
    assert card["board"] == "Оборудование"


def test_an_album_is_one_comment_with_all_its_files(company: Company) -> None:
    company.start()
    company.client(CLIENT)
    company.register(CLIENT)
    company.says(CLIENT, "Не открывается отчёт")
    company.until("the card", company.cards)
    company._chat("POST", f"/sandbox/chats/{CLIENT}/albums", json={"parts": [{"caption": "четыре снимка"}, {}, {}, {}]})
    comment = company.until("the album", lambda: company.cards()[0]["comments"])[0]
    company.until("all four files", lambda: len(company.cards()[0]["comments"][0]["files"]) == 4)
    assert len(company.cards()[0]["comments"]) == 1
    assert "четыре снимка" in comment["text"]


def test_a_second_daemon_on_the_same_file_is_refused_and_told_who_holds_it(company: Company) -> None:
    first = company.start()
    company.until("the first daemon", lambda: "started" in company.log())
    second = company.start()
    assert second.wait(timeout=15) == 75
    assert f"pid {first.pid}" in company.log()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_daemon_properly_within_ten_seconds(company: Company, by: signal.Signals) -> None:
    daemon = company.start()
    company.until("the daemon", lambda: "board_settled" in company.log())
    assert stop(daemon, by) == 0


def test_a_wrong_board_token_ends_with_4_and_names_the_service(company: Company) -> None:
    daemon = company.start(CONNECTOR_BOARD__TOKEN="not-the-token")
    assert daemon.wait(timeout=20) == 4
    assert "kaiten refused the token" in company.log()


def test_a_wrong_bot_token_ends_with_4_and_names_the_service(company: Company) -> None:
    daemon = company.start(CONNECTOR_TELEGRAM__TOKEN="4200:wrong")
    assert daemon.wait(timeout=20) == 4
    assert "telegram refused the token" in company.log()


def test_a_board_that_is_down_at_the_start_delays_cards_not_receipts(company: Company) -> None:
    company._board("POST", "/sandbox/faults", json={"path_regex": ".*", "times": None, "status": 503})
    company.start()
    company.client(CLIENT)
    company.until("the daemon", lambda: "started" in company.log(), 30)
    company.register(CLIENT)
    company.says(CLIENT, "Ничего не работает")
    company.until("a receipt", lambda: "№" in _texts(company))
    assert company.cards() == []
    company._board("DELETE", "/sandbox/faults")
    company.until("the card once the board is back", company.cards, 40)


def test_hostile_updates_are_kept_aside_and_the_rest_flows_on(company: Company) -> None:
    company.start()
    company.client(CLIENT)
    deep: object = "x"
    for _ in range(200):
        deep = [deep]
    hostile: list[dict[str, object]] = [
        {"message": {"message_id": "no number", "chat": 5}},
        {"message": deep},
        {"message": {"message_id": 1, "date": 10**30, "chat": {"id": CLIENT, "type": "private"}, "text": "x"}},
        {"message": None},
        {"edited_message": {"text": "\ud800"}},
        {"poll": {}},
        {"callback_query": {"id": 5, "from": [], "data": {"a": 1}}},
    ]
    for update in hostile:
        company._chat("POST", "/sandbox/updates", content=_json(update), headers={"content-type": "application/json"})
    company.register(CLIENT)
    company.says(CLIENT, "Живы?")
    company.until("the card", company.cards)


def _json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


def test_no_secret_is_ever_in_the_log(company: Company) -> None:
    company._chat("POST", "/sandbox/faults", json={"method": "sendMessage", "times": 2, "status": 500})
    company._board("POST", "/sandbox/faults", json={"path_regex": ".*cards.*", "times": 2, "drop": "before"})
    company.start()
    company.client(CLIENT)
    company.register(CLIENT)
    company.sends(CLIENT, "photo", caption="тайное слово")
    company.until("the card", company.cards)
    company.until("its file", lambda: any(card["files"] or card["comments"] for card in company.cards()))
    log = company.log()
    for secret in (TELEGRAM_TOKEN, TELEGRAM_TOKEN.split(":")[1], BOARD_TOKEN, HOOK_SECRET, "тайное слово"):
        assert secret not in log
    assert all(_visible(card["title"]) for card in company.cards())
