"""An address of the company's own as the list of account ids."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.registry import HttpRegistry
from connector.domain.effects import Verdict
from tests.adapters.registry.orders import verdict

URL = "https://crm.example.org/cabinets/{cabinet}?key=s3cret"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"name": "Мойка"}), Verdict.KNOWN),
        (httpx.Response(204), Verdict.KNOWN),
        (httpx.Response(404), Verdict.UNKNOWN),
        (httpx.Response(410), Verdict.UNKNOWN),
        *(
            (httpx.Response(status), Verdict.UNVERIFIED)
            for status in (201, 202, 400, 401, 403, 405, 408, 429, 500, 502, 503)
        ),
        (httpx.Response(302, headers={"Location": "https://crm.example.org/login"}), Verdict.UNVERIFIED),
        (httpx.Response(301, headers={"Location": "https://elsewhere.example.org/12345"}), Verdict.UNVERIFIED),
        (httpx.ConnectError("https://crm.example.org/?key=s3cret refused"), Verdict.UNVERIFIED),
        (httpx.ConnectTimeout("slow"), Verdict.UNVERIFIED),
        (httpx.ReadTimeout("slow"), Verdict.UNVERIFIED),
        (httpx.RemoteProtocolError("cut"), Verdict.UNVERIFIED),
    ],
)
@respx.mock
async def test_only_a_clear_answer_is_a_verdict(
    answer: httpx.Response | Exception, expected: Verdict, caplog: pytest.LogCaptureFixture
) -> None:
    route = respx.get("https://crm.example.org/cabinets/12345").mock(side_effect=[answer])
    registry = HttpRegistry(url=URL, token="t0ken")
    assert await verdict(registry, "12345") is expected
    assert route.call_count == 1
    assert route.calls[0].request.headers["Authorization"] == "Bearer t0ken"
    said = [record.getMessage() for record in caplog.records if record.name.startswith("adapters")]
    assert len(said) == (expected is Verdict.UNVERIFIED)
    assert not any(secret in line for line in said for secret in ("s3cret", "t0ken", "12345"))
    await registry.aclose()


@respx.mock
async def test_without_a_token_none_is_sent() -> None:
    route = respx.get("https://crm.example.org/cabinets/1").respond(200)
    registry = HttpRegistry(url=URL)
    assert await verdict(registry, "1") is Verdict.KNOWN
    assert "Authorization" not in route.calls[0].request.headers
    await registry.aclose()


@respx.mock
async def test_trouble_is_said_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adapters.registry")
    respx.get(host="crm.example.org").mock(
        side_effect=[httpx.Response(500), httpx.Response(500), httpx.Response(403), httpx.Response(404)]
    )
    registry = HttpRegistry(url=URL)
    for _ in range(4):
        await verdict(registry, "12345")
    said = [record for record in caplog.records if record.name.startswith("adapters")]
    assert [record.levelname for record in said] == ["WARNING", "WARNING", "INFO"]
    assert "500" in said[0].getMessage()
    assert "crm.example.org" in said[0].getMessage()
    await registry.aclose()


@pytest.mark.parametrize("url", ["https://crm.example.org/c/{cabinet}/x", "https://crm.example.org/c?id={cabinet}&x=1"])
@settings(max_examples=50, deadline=None)
@given(cabinet=st.text(min_size=1, max_size=20).filter(lambda text: text.strip().strip(".")))
async def test_an_id_is_one_part_of_the_address_whatever_it_holds(url: str, cabinet: str) -> None:
    with respx.mock:
        route = respx.get(host="crm.example.org").respond(404)
        registry = HttpRegistry(url=url)
        assert await verdict(registry, cabinet) is Verdict.UNKNOWN
        asked = route.calls[0].request.url
        found = dict(asked.params).get("id") if "?" in url else asked.path.removeprefix("/c/").removesuffix("/x")
        assert found == cabinet.strip().encode("utf-8", "replace").decode()
        raw = asked.raw_path.decode()
        assert raw.partition("?")[0].count("/") == url.removeprefix("https://").partition("?")[0].count("/")
        assert raw.count("?") == url.count("?")
        await registry.aclose()


@pytest.mark.parametrize("cabinet", [".", "..", " "])
async def test_an_id_that_would_be_another_address_is_not_asked_for(cabinet: str) -> None:
    registry = HttpRegistry(url="http://127.0.0.1:9/{cabinet}")
    assert await verdict(registry, cabinet) is Verdict.UNVERIFIED
    await registry.aclose()


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("", None),
        ("crm.example.org/{cabinet}", None),
        ("ftp://crm.example.org/{cabinet}", None),
        ("https://crm.example.org/cabinets", None),
        ("https://{cabinet}.example.org/", None),
        ("https://crm.example.org/#{cabinet}", None),
        ("https://[crm/{cabinet}", None),
        ("https://crm.example.org:x/{cabinet}", None),
        (URL, ""),
        (URL, "two words"),
        (URL, "токен"),
        (URL, "line\nbreak"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_at_once_without_its_secrets(url: str, token: str | None) -> None:
    with pytest.raises(ValueError, match="list of account ids") as refused:
        HttpRegistry(url=url, token=token)
    assert "s3cret" not in str(refused.value)


# ---- over a real wire


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """A loopback server that reads a request and leaves the rest to `answer`."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except (asyncio.CancelledError, ConnectionError):
            pass  # The test is over, or the client has hung up.
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/{{cabinet}}"
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def test_a_server_that_says_yes_is_believed_before_its_long_answer_has_come() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 10)
        await writer.drain()
        await asyncio.Event().wait()

    async with server(endless) as url:
        registry = HttpRegistry(url=url, timeout=timedelta(seconds=5))
        assert await asyncio.wait_for(verdict(registry, "12345"), 3) is Verdict.KNOWN
        await registry.aclose()


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "dripping"])
async def test_a_server_that_does_not_answer_in_time_verifies_nothing(drip: bool) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        while drip:
            # Something always comes, so that no single read is ever late.
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)
        await asyncio.Event().wait()

    async with server(slow) as url:
        registry = HttpRegistry(url=url, timeout=timedelta(seconds=0.2))
        begun = asyncio.get_running_loop().time()
        assert await verdict(registry, "12345") is Verdict.UNVERIFIED
        assert asyncio.get_running_loop().time() - begun < 3
        await registry.aclose()


async def test_a_closed_door_verifies_nothing() -> None:
    async def nothing(writer: asyncio.StreamWriter) -> None:
        return

    async with server(nothing) as url:
        pass
    registry = HttpRegistry(url=url)
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    await registry.aclose()
