"""The bot's commands: what is asked of Telegram, and what is not asked again."""

import json
from typing import Any

import httpx
import pytest

from adapters.telegram.introducing import by_code
from connector.domain.effects import Urgency
from connector.ports import Rejected, Unavailable, WrongToken
from tests.adapters.telegram.support import OpenBudget, Script, Seen, bad, chat_on, ok

RU, EN = [("new", "Новое обращение"), ("list", "Мои обращения")], [("new", "New request")]


def kept() -> Script:
    """A Bot API that keeps the commands it was given."""
    lists: dict[tuple[str, str], Any] = {}

    def place(seen: Seen) -> tuple[str, str]:
        return json.loads(seen.params["scope"])["type"], seen.params.get("language_code", "")

    def take(seen: Seen) -> httpx.Response:
        lists[place(seen)] = json.loads(seen.params["commands"])
        return ok(True)

    return Script().on("getMyCommands", lambda seen: ok(lists.get(place(seen), []))).on("setMyCommands", take)


def sets(script: Script) -> list[tuple[str, str | None, list[str]]]:
    """Scope, language and names of each list that was set."""
    return [
        (
            json.loads(seen.params["scope"])["type"],
            seen.params.get("language_code"),
            [one["command"] for one in json.loads(seen.params["commands"])],
        )
        for seen in script.seen
        if seen.method == "setMyCommands"
    ]


async def test_each_language_has_its_list_in_private_chats_and_in_groups() -> None:
    script, budget = kept(), OpenBudget()
    await chat_on(script, budget=budget).introduce({"ru": RU, "en": EN}, "ru")
    assert sets(script) == [
        (scope, language, names)
        for scope in ("all_private_chats", "all_group_chats")
        for language, names in ((None, ["new", "list"]), ("ru", ["new", "list"]), ("en", ["new"]))
    ]
    assert set(budget.calls) == {(Urgency.RESYNC, None)}


async def test_what_stands_there_already_costs_a_look_only() -> None:
    script = kept()
    chat = chat_on(script)
    await chat.introduce({"ru": RU, "en": EN}, "ru")
    script.seen.clear()
    await chat.introduce({"ru": RU, "en": EN}, "ru")
    assert script.methods() == ["getMyCommands"] * 6
    script.seen.clear()
    await chat.introduce({"ru": RU, "en": [("new", "Ask us")]}, "ru")
    assert sets(script) == [(scope, "en", ["new"]) for scope in ("all_private_chats", "all_group_chats")]


def test_telegram_knows_languages_by_two_letters_only() -> None:
    told = {"pt-BR": EN, "pt": RU, "EN-us": EN, "zh_Hans": EN, "fil": EN, "": EN}
    assert by_code(told) == {"pt": RU, "en": EN, "zh": EN}


async def test_a_long_description_is_cut_and_a_slash_is_left_out() -> None:
    script = kept()
    chat = chat_on(script)
    for _ in range(2):
        await chat.introduce({"ru": [("/new", "слово " * 100)]}, "ru")
    said = [json.loads(seen.params["commands"])[0] for seen in script.seen if seen.method == "setMyCommands"]
    assert len(said) == 4
    assert {one["command"] for one in said} == {"new"}
    assert all(len(one["description"]) <= 256 and one["description"].endswith("…") for one in said)


async def test_commands_without_the_default_language_are_a_mistake() -> None:
    script = Script()
    with pytest.raises(ValueError, match="'en'"):
        await chat_on(script).introduce({"ru": RU}, "en")
    assert script.seen == []


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (bad(429, "Too Many Requests: retry after 7", retry_after=7), Unavailable),
        (bad(401, "Unauthorized"), WrongToken),
        (bad(400, "Bad Request: BOT_COMMAND_INVALID"), Rejected),
        (httpx.ReadTimeout("slow"), Unavailable),
        (ok([{"novelty": 1}]), Unavailable),
    ],
)
async def test_trouble_is_told_as_everywhere(
    answer: httpx.Response | Exception, trouble: type[Unavailable | WrongToken | Rejected]
) -> None:
    with pytest.raises(trouble):
        await chat_on(Script().on("getMyCommands", answer)).introduce({"ru": RU}, "ru")
