"""Webhooks get each chat's updates one after another, again and again until they are taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.telegram.stand import ANNA, Stand, standing

BORIS = 7002
HOOK = "http://127.0.0.1:9999/hook"


class Receiver:
    """Answers what it is told to and remembers what came."""

    def __init__(self) -> None:
        self.got: list[tuple[Any, str | None]] = []
        self.answer: Callable[[Any], httpx.Response] = lambda update: httpx.Response(200)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        update = json.loads(request.content)
        self.got.append((update, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return self.answer(update)

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update, _ in self.got]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hooked(receiver: Receiver) -> AsyncIterator[Stand]:
    async with standing(webhook_transport=httpx.MockTransport(receiver)) as stand:
        await stand.control("POST", "users", id=BORIS, first_name="Boris")
        yield stand
        await stand.call("deleteWebhook")


async def _until(stand: Stand, pending: int) -> None:
    for _ in range(1000):
        if (await stand.call("getWebhookInfo"))["pending_update_count"] == pending:
            return
        await asyncio.sleep(0.001)
    raise AssertionError(f"never came down to {pending} pending updates")


async def test_waiting_and_new_updates_are_posted_with_the_secret(hooked: Stand, receiver: Receiver) -> None:
    await hooked.writes("waiting")
    await hooked.call("setWebhook", url=HOOK, secret_token="s3cret")
    await hooked.writes("new")
    await _until(hooked, 0)
    assert receiver.texts() == ["waiting", "new"]
    assert {secret for _, secret in receiver.got} == {"s3cret"}
    refusal = await hooked.refused("getUpdates")
    assert refusal == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )


async def test_a_failing_update_holds_back_only_its_own_chat(hooked: Stand, receiver: Receiver) -> None:
    failures = iter([503, 500, 500])

    def answer(update: Any) -> httpx.Response:
        if update["message"]["text"] != "stuck":
            return httpx.Response(200)
        return httpx.Response(next(failures, 200), headers={"Retry-After": "30"} if len(receiver.got) == 1 else {})

    receiver.answer = answer
    await hooked.call("setWebhook", url=HOOK)
    await hooked.writes("stuck")
    await hooked.writes("behind")
    await hooked.control("POST", f"chats/{BORIS}/messages", text="other chat")
    await _until(hooked, 0)
    texts = receiver.texts()
    assert [text for text in texts if text != "other chat"] == ["stuck"] * 4 + ["behind"]
    assert texts.index("other chat") < texts.index("behind")
    assert hooked.hand.slept == [30, 2, 4]
    info = await hooked.call("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


async def test_a_webhook_gone_for_23_hours_is_removed(hooked: Stand, receiver: Receiver) -> None:
    receiver.answer = lambda update: httpx.Response(410, headers={"Retry-After": "3600"})
    await hooked.call("setWebhook", url=HOOK)
    await hooked.writes("nobody home")
    for _ in range(1000):
        if not (await hooked.call("getWebhookInfo"))["url"]:
            break
        await asyncio.sleep(0.001)
    assert len(receiver.got) == 24
    assert len(await hooked.updates()) == 1


async def test_setting_a_webhook_ends_the_poll_that_waits(hooked: Stand) -> None:
    poll = asyncio.create_task(hooked.refused("getUpdates", timeout=30))
    await asyncio.sleep(0.01)
    await hooked.call("setWebhook", url=HOOK)
    assert await poll == (409, "Conflict: terminated by setWebhook request")


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"url": "http://desk.example.org/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://a.example:444/"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": HOOK, "secret_token": "a b"}, "secret token contains unallowed characters"),
    ],
)
async def test_addresses_telegram_would_not_call_are_refused(
    hooked: Stand, parameters: dict[str, str], description: str
) -> None:
    assert await hooked.refused("setWebhook", **parameters) == (400, f"Bad Request: {description}")


async def test_pending_updates_can_be_dropped(hooked: Stand, receiver: Receiver) -> None:
    await hooked.writes("old")
    await hooked.call("setWebhook", url=HOOK, drop_pending_updates=True)
    await hooked.writes("new")
    await _until(hooked, 0)
    assert receiver.texts() == ["new"]
    assert (await hooked.transcript(ANNA))["messages"][0]["text"] == "old"


class Lingering(httpx.MockTransport):
    """Its connections take their time to close."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self.closing = asyncio.Event()
        self.may_close = asyncio.Event()

    async def aclose(self) -> None:
        self.closing.set()
        await self.may_close.wait()


async def test_what_arrives_while_a_connection_closes_is_posted_too(receiver: Receiver) -> None:
    transport = Lingering(receiver)
    async with standing(webhook_transport=transport) as stand:
        await stand.call("setWebhook", url=HOOK)
        await stand.writes("first")
        await transport.closing.wait()
        await stand.writes("second")
        transport.may_close.set()
        await _until(stand, 0)
        await stand.call("deleteWebhook")
    assert receiver.texts() == ["first", "second"]
