"""The page's own promises, seen in a real browser: both sides live, and nobody's text becomes markup."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.demo.stand import MARIA, Page
from tests.sandbox.demo.window import click, count, doing, drag, one, until

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVIL = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>"


def test_a_message_typed_on_the_phone_is_sent_by_enter_and_stands_in_the_chat(window: Chrome, page: Page) -> None:
    page.add_client()
    window.get(page.url)
    one(window, "#clients", "Мария")
    one(window, "#text").send_keys("Касса не печатает чек\n")
    one(window, ".message.own .text", "Касса не печатает чек")
    assert [each["text"] for each in page.chat(MARIA)] == ["Касса не печатает чек"]


def test_what_the_bot_says_edits_and_reacts_with_appears_by_itself(window: Chrome, page: Page) -> None:
    page.add_client()
    question = page.write("Где мой чек?")
    window.get(page.url)
    one(window, ".message.own", "Где мой чек?")
    said = page.bot("sendMessage", chat_id=MARIA, text="Ищем *ваш* чек", parse_mode="MarkdownV2")
    assert one(window, ".message.bots strong, .message.bots b", "ваш").text == "ваш"
    page.bot("editMessageText", chat_id=MARIA, message_id=said["message_id"], text="Нашли")
    one(window, ".message.bots .text", "Нашли")
    one(window, ".message.bots .when", "изменено")
    page.bot("setMessageReaction", chat_id=MARIA, message_id=question, reaction=[{"type": "emoji", "emoji": "👀"}])
    one(window, ".message.own .reactions", "👀")
    page.bot("setMessageReaction", chat_id=MARIA, message_id=question, reaction=[{"type": "emoji", "emoji": "👌"}])
    assert one(window, ".message.own .reactions", "👌").text == "👌"
    page.bot("setMessageReaction", chat_id=MARIA, message_id=question, reaction=[])
    until(window, lambda: count(window, ".reactions") == 0, "the mark goes")


def test_an_edit_brings_other_buttons_or_takes_them_away(window: Chrome, page: Page) -> None:
    def rows(label: str) -> dict[str, object]:
        return {"inline_keyboard": [[{"text": label, "callback_data": label}]]}

    page.add_client()
    page.write("/start")
    said = page.bot("sendMessage", chat_id=MARIA, text="О чём?", reply_markup=rows("Финансы"))
    window.get(page.url)
    one(window, ".inline button", "Финансы")
    place = {"chat_id": MARIA, "message_id": said["message_id"]}
    page.bot("editMessageText", text="О чём именно?", reply_markup=rows("Возврат"), **place)
    one(window, ".message.bots .text", "О чём именно?")
    click(window, ".inline button", "Возврат")
    page.bot("editMessageText", text="Тема: возврат", **place)
    one(window, ".message.bots .text", "Тема: возврат")
    assert count(window, ".inline button") == 0
    assert [tap["data"] for tap in page.http.get(f"/telegram/sandbox/chats/{MARIA}").json()["taps"]] == ["Возврат"]


def test_a_key_that_asks_for_the_number_sends_the_clients_own(window: Chrome, page: Page) -> None:
    page.add_client()
    page.write("/start")
    menu = {"keyboard": [[{"text": "Отправить номер", "request_contact": True}, {"text": "Пропустить"}]]}
    page.bot("sendMessage", chat_id=MARIA, text="Ваш номер?", reply_markup=menu)
    window.get(page.url)
    one(window, "#keyboard button", "Пропустить")
    click(window, "#keyboard button[title]", "Отправить номер")
    one(window, ".message.own", "+79990700100")
    contact = page.chat(MARIA)[-1]["content"]
    assert (contact["user_id"], contact["first_name"]) == (MARIA, "Мария")


def test_buttons_under_messages_and_of_the_keyboard_are_pressed_by_clicking(window: Chrome, page: Page) -> None:
    page.add_client()
    page.write("/start")
    inline = {"inline_keyboard": [[{"text": "Финансы", "callback_data": "topic:finance"}]]}
    page.bot("sendMessage", chat_id=MARIA, text="О чём?", reply_markup=inline)
    menu = {"keyboard": [[{"text": "Мои обращения"}]], "resize_keyboard": True}
    page.bot("sendMessage", chat_id=MARIA, text="Меню", reply_markup=menu)
    window.get(page.url)
    click(window, ".inline button", "Финансы")
    click(window, "#keyboard button", "Мои обращения")
    one(window, ".message.own", "Мои обращения")
    pressed = [tap["data"] for tap in page.http.get(f"/telegram/sandbox/chats/{MARIA}").json()["taps"]]
    assert pressed == ["topic:finance"]


def test_the_sample_photo_and_voice_are_real_files_that_show_and_play(window: Chrome, page: Page) -> None:
    page.add_client()
    window.get(page.url)
    one(window, "#clients", "Мария")
    click(window, "#attach")
    click(window, "#send-photo")
    picture = one(window, ".message.own img")
    until(window, lambda: picture.get_property("naturalWidth") == 960, "the picture shows")
    click(window, "#attach")
    click(window, "#send-voice")
    sound = one(window, ".message.own audio")
    until(window, lambda: float(str(sound.get_property("duration") or 0)) > 3, "the sound is known to be 3 s long")
    assert [each["kind"] for each in page.chat(MARIA)] == ["photo", "voice"]


def test_a_picked_file_is_sent_with_the_text_as_its_caption(window: Chrome, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "чек.txt"
    file.write_text("итого 300", encoding="utf-8")
    page.add_client()
    window.get(page.url)
    one(window, "#clients", "Мария")
    one(window, "#text").send_keys("Вот чек")
    one(window, "#file").send_keys(str(file))
    one(window, ".message.own .file", "чек.txt")
    assert [(each["kind"], each["text"]) for each in page.chat(MARIA)] == [("document", "Вот чек")]


def test_an_own_message_can_be_changed_and_answered(window: Chrome, page: Page) -> None:
    page.add_client()
    first = page.write("Пост два")
    window.get(page.url)
    one(window, ".message.own .text", "Пост два")
    window.execute_script("document.querySelector('.tools [aria-label=Изменить]').click()")
    text = one(window, "#text")
    text.clear()
    text.send_keys("Пост три\n")
    one(window, ".message.own .when", "изменено")
    window.execute_script("document.querySelector('.tools [aria-label=Ответить]').click()")
    text.send_keys("И пост четыре\n")
    one(window, ".message.own .quoted", "Пост три")
    assert [(each["text"], each["reply_to"]) for each in page.chat(MARIA)] == [
        ("Пост три", None),
        ("И пост четыре", first),
    ]


def test_a_second_client_has_a_chat_of_their_own(window: Chrome, page: Page) -> None:
    page.add_client()
    page.write("Я первая")
    window.get(page.url)
    one(window, ".message.own", "Я первая")
    click(window, "#clients .add")
    one(window, "#clients [aria-pressed=true]", "Пётр Ильин")
    click(window, "#begin")
    one(window, ".message.own", "/start")
    assert [each["text"] for each in page.chat(MARIA + 1)] == ["/start"]
    assert [each["text"] for each in page.chat(MARIA)] == ["Я первая"]


def test_a_new_card_brings_its_board_to_the_front_and_counts_down(window: Chrome, page: Page) -> None:
    window.get(page.url)
    one(window, "[role=tab][aria-selected=true]", "Вопрос по продукту")
    page.add_card("Терминал молчит", due_date="2099-01-01T10:00:00.000Z", due_date_time_present=True)
    one(window, "[role=tab][aria-selected=true]", "Касса и оплата")
    one(window, ".lane[aria-label=Сверхсрочно] .tile", "Терминал молчит")
    assert "д" in one(window, ".tile .due span", " д ").text


def test_an_agent_answers_on_an_opened_card_and_marks_what_stays_inside(
    window: Chrome, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "akt.txt"
    file.write_text("акт", encoding="utf-8")
    card = page.add_card("Терминал молчит")
    window.get(page.url)
    click(window, ".tile", "Терминал молчит")
    one(window, ".comment-form input[type=file]").send_keys(str(file))
    one(window, ".comment-form textarea").send_keys("Уже чиним\n")
    one(window, ".comment .said", "Уже чиним")
    one(window, ".comment .file", "akt.txt")
    click(window, ".check input")
    one(window, ".comment-form textarea").send_keys("Клиент торопится\n")
    one(window, ".comment.internal", "Клиент торопится")
    written = [(each["text"], each["internal"], each["author"]["full_name"]) for each in page.card(card)["comments"]]
    assert written == [("Уже чиним", False, "Анна Смирнова"), ("Клиент торопится", True, "Анна Смирнова")]


def test_a_comment_that_comes_from_elsewhere_shows_on_the_open_card_with_its_files(window: Chrome, page: Page) -> None:
    card = page.add_card("Терминал молчит")
    window.get(page.url)
    click(window, ".tile", "Терминал молчит")
    picture = (Path(__file__).parents[3] / "sandbox/demo/static/samples/till.jpg").read_bytes()
    attached = {"name": "till.jpg", "mime": "image/jpeg", "base64": base64.b64encode(picture).decode()}
    page.comment(card, "Смотрите **экран**", files=[attached])
    assert one(window, ".comment strong").text == "экран"
    image = one(window, ".comment img")
    until(window, lambda: image.get_property("naturalWidth") == 960, "the picture shows")


def test_a_card_moves_by_its_buttons_by_its_lane_and_by_dragging(window: Chrome, page: Page) -> None:
    card = page.add_card("Терминал молчит")
    window.get(page.url)
    click(window, ".tile", "Терминал молчит")
    click(window, ".steps button", "В работе")
    until(window, lambda: page.card(card)["column"] == "В работе", "the button moved it")
    lane = ".places select[aria-label=Дорожка]"
    doing(window, lane, "", lambda element: element.send_keys("Больше двух дней"))
    until(window, lambda: page.card(card)["lane"] == "Больше двух дней", "the list moved it")
    click(window, ".close")
    target = one(window, ".lane[aria-label=Сверхсрочно] .cell[aria-label^=Готово]")
    doing(window, ".tile", "", lambda tile: drag(window, tile, target))
    until(window, lambda: page.card(card)["column"] == "Готово", "dragging moved it")
    assert page.card(card)["lane"] == "Сверхсрочно"
    one(window, ".tile .finished", "готово")


def test_what_people_write_is_shown_and_never_run(window: Chrome, page: Page) -> None:
    page.add_client(first_name=EVIL)
    page.write(EVIL)
    card = page.add_card(EVIL, description=EVIL)
    page.comment(card, f"{EVIL} [нажми](javascript:document.title='broken')")
    window.get(page.url)
    one(window, ".message.own .text", EVIL)
    click(window, ".tile", EVIL)
    one(window, "#card-title", EVIL)
    one(window, ".description", EVIL)
    one(window, ".comment .said", EVIL)
    assert count(window, "img[src=x], a[href^='javascript:']") == 0
    assert window.title == "Коннектор · демонстрация"


def test_the_keyboard_alone_opens_and_closes_a_card(window: Chrome, page: Page) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.add_card("Терминал молчит")
    window.get(page.url)
    one(window, ".tile", "Терминал молчит").send_keys(Keys.ENTER)
    one(window, "#card-title", "Терминал молчит")
    assert window.switch_to.active_element.get_attribute("aria-label") == "Закрыть карточку"
    ActionChains(window).send_keys(Keys.ESCAPE).perform()
    until(window, lambda: count(window, "#card-panel[hidden]") == 1, "the card closes")
    assert "tile" in str(window.switch_to.active_element.get_attribute("class"))


def test_on_a_narrow_screen_the_sides_stand_below_each_other_and_nothing_sticks_out(window: Chrome, page: Page) -> None:
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.add_card("Терминал молчит")
    window.get(page.url)
    tile = one(window, ".tile", "Терминал молчит")
    assert tile.location["y"] > one(window, ".phone").location["y"] + 400
    assert window.execute_script("return document.documentElement.scrollWidth") <= 400
