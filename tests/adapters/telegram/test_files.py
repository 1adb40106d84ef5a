"""Fetching what clients sent: in pieces, within the limit, without the token showing."""

from collections.abc import AsyncIterator

import httpx
import pytest

from connector.domain.effects import Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.ports import Rejected, Unavailable, WrongToken
from tests.adapters.telegram.support import BOT, SECRET, TOKEN, Answer, OpenBudget, Script, bad, chat_on, ok

FILE = Ref(port="telegram", id=f"{BOT}/file/BQACAgIAAxk-1_a")
WAY = {
    "file_id": "BQACAgIAAxk-1_a",
    "file_unique_id": "u",
    "file_path": "documents/отчёт 1#a.pdf",
    "file_size": 200_000,
}


def served(*answers: Answer, way: object = None) -> Script:
    return Script().on("getFile", ok(way or WAY)).on("отчёт 1#a.pdf", *answers)


async def fetched(script: Script, ref: Ref = FILE, budget: OpenBudget | None = None) -> list[bytes]:
    return [chunk async for chunk in chat_on(script, budget=budget, naps=[]).fetch(ref)]


async def test_a_file_comes_in_pieces() -> None:
    content, budget = bytes(200_000), OpenBudget()
    script = served(httpx.Response(200, content=content))
    chunks = await fetched(script, budget=budget)
    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= 64 * 1024
    assert script.seen[0].params == {"file_id": "BQACAgIAAxk-1_a"}
    assert script.seen[1].path == f"/file/bot{TOKEN}/documents/отчёт 1#a.pdf"
    assert budget.calls == [(Urgency.ACKNOWLEDGE, None)] * 2


async def test_an_empty_file_is_empty() -> None:
    assert await fetched(served(httpx.Response(200, content=b""))) == []


async def test_the_budgets_place_is_free_while_the_body_comes() -> None:
    budget = OpenBudget()
    chat = chat_on(served(httpx.Response(200, content=bytes(200_000))), budget=budget)
    async for _ in chat.fetch(FILE):
        assert budget.held == 0


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(1024 * 1024)


async def test_more_than_20_megabytes_is_refused_told_or_not() -> None:
    told = {**WAY, "file_size": 20 * 1024 * 1024 + 1}
    for script in (
        served(httpx.Response(200), way=told),
        served(httpx.Response(200, content=endless())),
        Script().on("getFile", bad(400, "Bad Request: file is too big")),
    ):
        with pytest.raises(Rejected) as caught:
            await fetched(script)
        assert caught.value.refusal is Refusal.TOO_BIG


async def breaking() -> AsyncIterator[bytes]:
    yield bytes(1000)
    raise httpx.ReadError(f"broken at {TOKEN}")


@pytest.mark.parametrize(
    ("answer", "expected", "refusal"),
    [
        (bad(404, "Not Found"), Rejected, Refusal.GONE),
        (bad(401, "Unauthorized"), WrongToken, None),
        (bad(500, f"Internal {TOKEN}"), Unavailable, None),
        (bad(403, f"Forbidden {TOKEN}"), Rejected, Refusal.FORBIDDEN),
        (httpx.Response(404, text="<html>"), Unavailable, None),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), Unavailable, None),
        (httpx.ConnectTimeout(f"slow {TOKEN}"), Unavailable, None),
        (httpx.Response(200, content=breaking()), Unavailable, None),
    ],
)
async def test_a_download_that_fails_says_how_and_keeps_the_token(
    answer: Answer, expected: type[Exception], refusal: Refusal | None
) -> None:
    with pytest.raises(expected) as caught:
        await fetched(served(answer))
    assert getattr(caught.value, "refusal", None) is refusal
    assert SECRET not in str(caught.value)


async def test_a_429_closes_the_budget() -> None:
    budget = OpenBudget()
    with pytest.raises(Unavailable):
        await fetched(served(bad(429, "Too Many", retry_after=4)), budget=budget)
    assert budget.refusals == [(4.0, None)]


PASSING = bad(400, "Bad Request: wrong file_id or the file is temporarily unavailable")


async def test_a_file_without_a_path_is_asked_for_three_times_and_then_holds_up_no_words() -> None:
    pathless = ok({name: value for name, value in WAY.items() if name != "file_path"})
    script = served(httpx.Response(200, content=b"x")).on("getFile", pathless, ok(WAY))
    assert await fetched(script) == [b"x"]
    script = Script().on("getFile", pathless)
    with pytest.raises(Rejected) as caught:
        await fetched(script)
    assert caught.value.refusal is Refusal.GONE
    assert script.methods() == ["getFile"] * 3


async def test_storage_out_of_reach_is_asked_three_times() -> None:
    script = served(httpx.Response(200, content=b"x")).on("getFile", PASSING, PASSING, ok(WAY))
    assert await fetched(script) == [b"x"]
    script = Script().on("getFile", PASSING)
    with pytest.raises(Rejected) as caught:
        await fetched(script)
    assert caught.value.refusal is Refusal.GONE
    assert script.methods() == ["getFile"] * 3


@pytest.mark.parametrize("ref", ["x", f"{BOT}/file/../../x", "1/file/BQAC", f"{BOT}/tap/5"])
async def test_what_is_no_file_of_ours_is_refused_without_asking(ref: str) -> None:
    script = Script()
    with pytest.raises(Rejected):
        await fetched(script, Ref(port="telegram", id=ref))
    assert script.seen == []
