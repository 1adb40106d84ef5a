"""What each answer of the Bot API comes to, and what never shows."""

import logging

import httpx
import pytest

from adapters.telegram import TelegramChat
from adapters.telegram.answers import problem_in, verdict
from connector.domain.effects import AnswerTap, SendMessage, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.words import Text
from connector.ports import Chat, Rejected, Unavailable, WrongToken
from tests.adapters.telegram.support import (
    BOT,
    CHAT,
    SECRET,
    TOKEN,
    Answer,
    LocalSpool,
    OpenBudget,
    Script,
    bad,
    chat_on,
    message_ref,
    ok,
    order,
)

HELLO = SendMessage(key=Key("o1"), ticket=None, chat=CHAT, text=Text(plain="привет"), urgency=Urgency.REPLY)


async def failed(*answers: Answer, budget: OpenBudget | None = None, script: Script | None = None) -> Exception:
    """How sending a message fails on these answers."""
    script = (script or Script()).on("sendMessage", *answers)
    chat = chat_on(script, budget=budget)
    with pytest.raises((Unavailable, Rejected, WrongToken)) as caught:
        await chat.perform(order(HELLO))
    assert SECRET not in f"{caught.value} {caught.value.__dict__}"
    await chat.aclose()
    return caught.value


@pytest.mark.parametrize(
    ("status", "description", "refusal"),
    [
        (400, "Bad Request: chat not found", Refusal.GONE),
        (400, "Bad Request: message is too long", Refusal.INVALID),
        (400, "Bad Request: have no rights to send a message", Refusal.FORBIDDEN),
        (400, "Bad Request: file is too big", Refusal.TOO_BIG),
        (403, "Forbidden: bot was blocked by the user", Refusal.BLOCKED),
        (403, "Forbidden: user is deactivated", Refusal.BLOCKED),
        (403, "Forbidden: bot was kicked from the supergroup chat", Refusal.BLOCKED),
        (403, "Forbidden: bot can't initiate conversation with a user", Refusal.FORBIDDEN),
        (413, "Request Entity Too Large", Refusal.TOO_BIG),
        (418, "Something new", Refusal.INVALID),
    ],
)
async def test_a_refusal_is_never(status: int, description: str, refusal: Refusal) -> None:
    error = await failed(bad(status, description))
    assert isinstance(error, Rejected)
    assert error.refusal is refusal
    assert description in error.reason


async def test_a_refused_token_is_told_as_such() -> None:
    error = await failed(bad(401, "Unauthorized"))
    assert isinstance(error, WrongToken)
    assert error.tool == "telegram"


async def test_not_found_is_a_missing_method_while_the_bot_is_known() -> None:
    error = await failed(bad(404, "Not Found"))
    assert isinstance(error, Rejected)
    assert error.refusal is Refusal.INVALID


async def test_not_found_is_a_wrong_token_when_the_bot_is_unknown_too() -> None:
    error = await failed(bad(404, "Not Found"), script=Script().on("getMe", bad(404, "Not Found")))
    assert isinstance(error, WrongToken)


async def test_not_found_is_left_open_when_nobody_can_be_asked() -> None:
    error = await failed(bad(404, "Not Found"), script=Script().on("getMe", httpx.ReadTimeout("slow")))
    assert isinstance(error, Unavailable)
    assert error.surely_not_done


async def test_a_429_closes_the_budget_for_the_chat() -> None:
    budget = OpenBudget()
    error = await failed(bad(429, "Too Many Requests: retry after 7", retry_after=7), budget=budget)
    assert isinstance(error, Unavailable)
    assert (error.retry_after, error.surely_not_done) == (7.0, True)
    assert budget.refusals == [(7.0, "77")]
    assert budget.held == 0


@pytest.mark.parametrize("wait", [None, "7", -1, True, 0])
async def test_a_429_without_a_usable_wait_waits_a_little(wait: object) -> None:
    error = await failed(bad(429, "Too Many Requests", retry_after=wait))
    assert isinstance(error, Unavailable)
    assert error.retry_after == 3.0


async def test_a_429_of_a_call_without_a_chat_closes_the_budget_for_all() -> None:
    budget = OpenBudget()
    tap = AnswerTap(
        key=Key("o2"),
        ticket=None,
        chat=CHAT,
        tap=Ref(port="telegram", id=f"{BOT}/tap/5"),
        notice="",
        urgency=Urgency.ACKNOWLEDGE,
    )
    chat = chat_on(Script().on("answerCallbackQuery", bad(429, "Too Many", retry_after=2)), budget=budget)
    with pytest.raises(Unavailable):
        await chat.perform(order(tap))
    assert budget.refusals == [(2.0, None)]
    assert budget.calls == [(Urgency.ACKNOWLEDGE, None)]


@pytest.mark.parametrize(
    ("answer", "surely_not_done"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ConnectTimeout("slow"), True),
        (httpx.PoolTimeout("full"), True),
        (httpx.ReadTimeout("slow"), False),
        (httpx.WriteTimeout("slow"), False),
        (httpx.ReadError("broken"), False),
        (httpx.RemoteProtocolError(f"Server disconnected from bot{TOKEN}"), False),
        (bad(500, "Internal Server Error"), False),
        (bad(502, "Bad Gateway"), False),
        (httpx.Response(502, text="<html>Bad Gateway</html>"), False),
        (httpx.Response(200, text="<html>Sign in to this network</html>"), False),
        (httpx.Response(403, text="<html>Forbidden</html>"), False),
        (httpx.Response(302, headers={"location": "https://portal.example"}), False),
        (httpx.Response(200, json={"ok": True}), False),
        (httpx.Response(200, json=[1]), False),
        (httpx.Response(200, content=b"[" * 100_000), False),
        (bad(409, "Conflict: terminated by other getUpdates request"), True),
    ],
)
async def test_trouble_on_the_way_is_not_now(answer: Answer, surely_not_done: bool) -> None:
    error = await failed(answer)
    assert isinstance(error, Unavailable)
    assert error.surely_not_done is surely_not_done


async def test_a_refusal_that_claims_success_is_a_refusal() -> None:
    hidden = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    error = await failed(httpx.Response(200, json=hidden))
    assert isinstance(error, Rejected)
    assert error.refusal is Refusal.BLOCKED


async def test_a_success_with_news_in_it_is_a_success() -> None:
    answer = ok({"message_id": 12, "chat": {"id": 77}, "entities": "?", "date": "soon"})
    assert await chat_on(Script().on("sendMessage", answer)).perform(order(HELLO)) == (message_ref(12),)


async def test_a_success_that_names_no_message_is_not_repeated() -> None:
    assert await chat_on(Script().on("sendMessage", ok({"message_id": None}))).perform(order(HELLO)) == ()


async def test_when_the_right_to_act_has_ended_nothing_is_sent() -> None:
    script = Script()
    with pytest.raises(Unavailable) as caught:
        await chat_on(script, budget=OpenBudget(closed=True)).perform(order(HELLO))
    assert caught.value.surely_not_done
    assert script.seen == []


def test_descriptions_of_odd_types_are_survived() -> None:
    problem = problem_in("sendMessage", 400, b'{"ok":false,"description":["?"],"parameters":"?"}')
    assert problem is not None
    assert isinstance(verdict(problem), Rejected)


# Who we are


async def test_the_bot_tells_its_name_and_nothing_connects_before() -> None:
    script, budget = Script(), OpenBudget()
    chat: Chat = chat_on(script, budget=budget)
    assert (chat.name, chat.limits.text, chat.limits.caption, chat.limits.album) == ("telegram", 4096, 1024, 10)
    assert script.seen == []
    assert await chat.identify() == "@desk_bot"
    assert script.seen[0].path == f"/bot{TOKEN}/getMe"
    assert len(budget.calls) == 1
    await chat.aclose()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (bad(401, "Unauthorized"), WrongToken),
        (bad(404, "Not Found"), WrongToken),
        (httpx.Response(404, text="<html>"), Unavailable),
        (bad(400, "Bad Request"), Unavailable),
        (ok("me"), Unavailable),
        (httpx.ConnectError("refused"), Unavailable),
    ],
)
async def test_who_we_are_may_be_refused_or_out_of_reach(answer: Answer, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await chat_on(Script().on("getMe", answer)).identify()


@pytest.mark.parametrize("token", ["", "98 7:abd", "987:abd\n", "../x:y", "1:a/b"])
def test_what_is_no_token_is_refused_at_once_without_being_shown(token: str) -> None:
    with pytest.raises(WrongToken) as caught:
        TelegramChat(token=token, budget=OpenBudget(), spool=LocalSpool(None))  # type: ignore[arg-type]  # it never gets to a file
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("base_url", ["", "api.telegram.org", "ftp://x", "https://", "http://h:x", "https://h/?a=b"])
def test_what_is_no_server_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(ValueError, match="Bot API server"):
        chat_on(None, base_url=base_url)


async def test_nothing_ever_written_to_the_log_holds_the_token(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        script = Script().on("getUpdates", httpx.Response(200, text=f"<html>{TOKEN}</html>"))
        script.on("sendMessage", httpx.Response(400, text=f"bad gateway to /bot{TOKEN}/x"), bad(400, f"see {TOKEN}"))
        chat = chat_on(script)
        await chat.identify()
        texts = []
        for request in (chat.perform(order(HELLO)), chat.perform(order(HELLO)), chat.read(None)):
            with pytest.raises((Unavailable, Rejected)) as caught:
                await request
            texts.append(str(caught.value))
        await chat.aclose()
    assert "<token>" in texts[1]
    assert SECRET not in caplog.text + "".join(texts)
