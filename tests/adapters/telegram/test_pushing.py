"""Webhook mode: the address is set, watched, and taken back when updates are asked for again."""

import json
from typing import Any

import httpx
import pytest

from connector.domain.events import ClientWrote
from connector.ports import Unavailable, WrongToken
from tests.adapters.telegram.samples import message, update
from tests.adapters.telegram.support import SECRET, Answer, Script, bad, chat_on, ok

URL = "https://desk.example.com/hooks/telegram"
PUSH_TO = (URL, "a-secret-of-the-hook")


def info(url: str = URL, pending: int = 0, **more: Any) -> Answer:
    return ok({"url": url, "has_custom_certificate": False, "pending_update_count": pending, **more})


async def test_the_address_is_set_once_with_its_secret_and_nothing_is_asked_for() -> None:
    script = Script().on("setWebhook", ok(True)).on("getWebhookInfo", info(pending=3), info())
    chat = chat_on(script, push_to=PUSH_TO)
    for pending in (3, 0):
        batch = await chat.read(None)
        assert (batch.arrivals, batch.cursor) == ((), None)
        assert chat.pending_updates == pending
    sent = [seen for seen in script.seen if seen.path.endswith("/setWebhook")]
    assert len(sent) == 1
    assert (sent[0].params["url"], sent[0].params["secret_token"]) == PUSH_TO
    kinds = sent[0].params["allowed_updates"]
    assert json.loads(kinds) if isinstance(kinds, str) else kinds == [
        "message", "edited_message", "callback_query", "my_chat_member",
    ]  # fmt: skip
    assert "drop_pending_updates" not in sent[0].params
    assert not any(seen.path.endswith("/getUpdates") for seen in script.seen)


async def test_an_address_somebody_changed_is_set_again() -> None:
    script = Script().on("setWebhook", ok(True), ok(True)).on("getWebhookInfo", info(), info(url=""), info())
    chat = chat_on(script, push_to=PUSH_TO)
    for _ in range(3):
        await chat.read(None)
    assert sum(seen.path.endswith("/setWebhook") for seen in script.seen) == 2


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (bad(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook"), Unavailable),
        (bad(401, "Unauthorized"), WrongToken),
        (httpx.ConnectError("no"), Unavailable),
    ],
)
async def test_a_refused_address_is_told_and_tried_again(answer: Any, raised: type[Exception]) -> None:
    script = Script().on("setWebhook", answer, ok(True)).on("getWebhookInfo", info())
    chat = chat_on(script, push_to=PUSH_TO)
    with pytest.raises(raised):
        await chat.read(None)
    await chat.read(None)
    assert sum(seen.path.endswith("/setWebhook") for seen in script.seen) == 2


async def test_trouble_with_pushing_is_told_once_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    trouble: dict[str, Any] = {"last_error_date": 1, "last_error_message": f"Wrong response from bot{SECRET}"}
    script = Script().on("setWebhook", ok(True)).on("getWebhookInfo", info(**trouble), info(**trouble))
    chat = chat_on(script, push_to=PUSH_TO)
    await chat.read(None)
    await chat.read(None)
    told = [record for record in caplog.records if record.getMessage() == "webhook_undelivered"]
    assert len(told) == 1
    assert SECRET not in str(told[0].__dict__)


async def test_a_pushed_update_is_the_arrival_that_a_poll_would_bring() -> None:
    one = update("message", message(text="Не печатает") | {"message_id": 5}, 10)
    polled = await chat_on(Script().on("getUpdates", ok([one]))).read(None)
    pushed = await chat_on(Script(), push_to=PUSH_TO).receive(json.dumps(one, ensure_ascii=False).encode())
    assert pushed == polled.arrivals
    assert isinstance(pushed[0].event, ClientWrote)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'{"update_id": 1, "message": 5}'])
async def test_what_cannot_be_read_is_an_arrival_with_its_reason(body: bytes) -> None:
    chat = chat_on(Script(), push_to=PUSH_TO)
    (one,) = await chat.receive(body)
    assert one.event is None
    assert one.reason
    assert one.raw.isascii()
    assert await chat.receive(body) == (one,)


async def test_a_webhook_that_stands_in_the_way_of_asking_is_removed_without_dropping_anything() -> None:
    active = (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    script = Script().on("getUpdates", bad(409, active), ok([])).on("deleteWebhook", ok(True))
    await chat_on(script).read(None)
    methods = [seen.path.rpartition("/")[2] for seen in script.seen]
    assert methods == ["getUpdates", "deleteWebhook", "getUpdates"]
    assert script.seen[1].params.get("drop_pending_updates") in (None, False, "false", "False")


async def test_another_poller_is_no_reason_to_touch_the_webhook() -> None:
    script = Script().on("getUpdates", bad(409, "Conflict: terminated by other getUpdates request"))
    with pytest.raises(Unavailable):
        await chat_on(script).read(None)
    assert [seen.path.rpartition("/")[2] for seen in script.seen] == ["getUpdates"]
