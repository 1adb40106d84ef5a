"""What each answer of Kaiten's means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from adapters.kaiten import KaitenBoard
from connector.domain.effects import AddComment, AddTag, CreateCard, Section, Spot, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.words import Text
from connector.ports import Order, Rejected, Unavailable, WrongToken

BASE = "https://company.kaiten.ru/api/latest"
TAG = AddTag(key=Key("tag"), ticket=TicketId("t"), name="x")
CARD = Ref(port="kaiten", id="5")


def tag_order(attempt: int = 1) -> Order[Any]:
    return Order(key=TAG.key, effect=TAG, attempt=attempt, urgency=Urgency.LABEL, card=CARD)


@pytest.fixture
def board(board_at: Any, clock: Any) -> KaitenBoard:
    made = board_at(BASE + "/", clock=clock)
    assert isinstance(made, KaitenBoard)
    return made


@pytest.mark.parametrize(
    ("answer", "surely_not_done", "retry_after"),
    [
        (httpx.ConnectError("refused"), True, None),
        (httpx.ConnectTimeout("slow"), True, None),
        (httpx.PoolTimeout("busy"), True, None),
        (httpx.ReadTimeout("slow"), False, None),
        (httpx.WriteTimeout("slow"), False, None),
        (httpx.ReadError("reset"), False, None),
        (httpx.RemoteProtocolError("cut"), False, None),
        (httpx.Response(500), False, None),
        (httpx.Response(503, headers={"Retry-After": "7"}), False, 7.0),
        (httpx.Response(408), False, None),
        (httpx.Response(200, text='{"id": 1'), False, None),
        (httpx.Response(302, headers={"Location": "/login"}), False, None),
        (httpx.Response(429, html="<html>Too many requests</html>", headers={"Retry-After": "3"}), True, 3.0),
        (httpx.Response(429, html="Too many"), True, 1.0),
    ],
)
@respx.mock
async def test_trouble_says_whether_it_may_have_been_done(
    board: KaitenBoard, answer: Any, surely_not_done: bool, retry_after: float | None
) -> None:
    respx.post(f"{BASE}/cards/5/tags").mock(side_effect=[answer])
    with pytest.raises(Unavailable) as told:
        await board.perform(tag_order())
    assert told.value.surely_not_done is surely_not_done
    assert told.value.retry_after == retry_after


@respx.mock
async def test_a_later_attempt_is_never_called_surely_not_done(board: KaitenBoard) -> None:
    respx.post(f"{BASE}/cards/5/tags").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(Unavailable) as told:
        await board.perform(tag_order(attempt=2))
    assert not told.value.surely_not_done


@pytest.mark.parametrize("body", ['"Unauthorized"', "Unauthorized", '{"message":"Unauthorized"}', ""])
@respx.mock
async def test_a_refused_token_is_told_whatever_the_body(board: KaitenBoard, body: str) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(401, text=body)
    with pytest.raises(WrongToken, match="kaiten refused the token"):
        await board.perform(tag_order())


@pytest.mark.parametrize(
    ("status", "card", "refusal"),
    [
        (400, None, Refusal.INVALID),
        (402, None, Refusal.FORBIDDEN),
        (403, httpx.Response(403), Refusal.GONE),
        (404, httpx.Response(404), Refusal.GONE),
        (403, httpx.Response(200, json={"id": 5, "condition": 1}), Refusal.FORBIDDEN),
        (403, httpx.Response(200, json={"id": 5, "condition": 3}), Refusal.GONE),
        (413, None, Refusal.TOO_BIG),
        (422, None, Refusal.INVALID),
    ],
)
@respx.mock
async def test_refusals_are_final_and_say_of_what_kind(
    board: KaitenBoard, status: int, card: httpx.Response | None, refusal: Refusal
) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(status, json={"message": "Kaiten's words"})
    if card is not None:
        respx.get(f"{BASE}/cards/5").mock(return_value=card)
    with pytest.raises(Rejected, match=r"Kaiten's words") as told:
        await board.perform(tag_order())
    assert told.value.refusal is refusal


@respx.mock
async def test_a_refusal_that_cannot_be_confirmed_is_not_final(board: KaitenBoard) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(403)
    respx.get(f"{BASE}/cards/5").respond(502)
    with pytest.raises(Unavailable):
        await board.perform(tag_order())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@respx.mock
async def test_any_success_counts_even_without_a_body(board: KaitenBoard, status: int) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(status)
    assert await board.perform(tag_order()) == ()


@respx.mock
async def test_a_tag_that_is_there_already_is_there(board: KaitenBoard) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(409)
    assert await board.perform(tag_order()) == ()


@respx.mock
async def test_every_call_asks_the_budget_and_tells_it_what_the_headers_say(
    board: KaitenBoard, budget: Any, clock: Any
) -> None:
    reset = clock.now().timestamp() + 0.5
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "49", "X-RateLimit-Reset": str(reset)}
    respx.post(f"{BASE}/cards/5/tags").respond(200, headers=headers, json={})
    await board.perform(tag_order())
    assert budget.calls == [Urgency.LABEL]
    assert budget.facts == [(50, 49, pytest.approx(0.5))]


@respx.mock
async def test_too_many_requests_hold_back_everyone(board: KaitenBoard, budget: Any) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(429, headers={"Retry-After": "2"}, html="<p>slow down</p>")
    with pytest.raises(Unavailable):
        await board.perform(tag_order())
    assert budget.refusals == [2.0]


@respx.mock
async def test_the_token_stands_in_no_message(board: KaitenBoard) -> None:
    respx.post(f"{BASE}/cards/5/tags").respond(400, json={"message": "bad header Bearer sandbox-bot-token"})
    with pytest.raises(Rejected) as told:
        await board.perform(tag_order())
    assert "sandbox-bot-token" not in told.value.reason


@pytest.mark.parametrize(
    ("base_url", "token"),
    [
        ("company.kaiten.ru", "x"),
        ("ftp://a/b", "x"),
        ("http://a:port", "x"),
        (BASE, ""),
        (BASE, "a b"),
        (BASE, "тест"),
        (BASE, "a\n"),
    ],
)
def test_an_address_or_token_that_cannot_be_is_refused_at_once(
    base_url: str, token: str, budget: Any, spool: Any
) -> None:
    with pytest.raises(ValueError, match="Kaiten's"):
        KaitenBoard(base_url=base_url, token=token, budget=budget, spool=spool)


# ---- looking before writing


def create_order(attempt: int) -> Order[Any]:
    effect = CreateCard(
        key=Key("c"),
        ticket=TicketId("t"),
        external_id="t",
        topic="a",
        service_class="b",
        title="x",
        description="",
        due_at=None,
        spot=Spot(board="1"),
    )
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=Urgency.CARD)


@respx.mock
async def test_a_filter_that_is_not_exact_does_not_pass_for_a_match_and_the_oldest_match_is_taken(
    board: KaitenBoard, clock: Any
) -> None:
    others = [
        {"id": 100 + count, "external_id": f"t{count}", "created": "2026-01-01T00:00:00Z"} for count in range(100)
    ]
    ours = [
        {"id": 9, "external_id": "t", "created": "2026-01-03T00:00:00Z"},
        {"id": "8", "external_id": "t", "created": "2026-01-02T00:00:00Z"},
    ]

    def cards(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        found = [] if query["archived"] == "true" else [*others, *ours]
        offset = int(query["offset"])
        return httpx.Response(200, json=found[offset : offset + 100])

    respx.get(f"{BASE}/cards").mock(side_effect=cards)
    assert await board.perform(create_order(2)) == (Ref(port="kaiten", id="8"),)
    assert clock.slept == [pytest.approx(0.01)]


@respx.mock
async def test_a_server_that_ignores_paging_is_not_asked_for_ever(board: KaitenBoard) -> None:
    others = [{"id": 100 + count, "external_id": f"t{count}"} for count in range(100)]
    lists = respx.get(f"{BASE}/cards").respond(200, json=others)
    respx.post(f"{BASE}/cards").respond(200, json={"id": 7})
    assert await board.perform(create_order(2)) == (Ref(port="kaiten", id="7"),)
    assert lists.call_count == 8


@respx.mock
async def test_comments_whose_signatures_the_server_strips_are_known_by_their_words(board: KaitenBoard) -> None:
    respx.get(f"{BASE}/users/current").respond(200, json={"id": 1})
    stored = [
        {"id": 31, "text": "**Иван**\n\nда", "author_id": 1, "created": "2026-01-01T00:00:00Z"},
        {"id": 32, "text": "**Иван**\n\nнет", "author_id": 2, "created": "2026-01-01T00:00:00Z"},
    ]
    respx.get(f"{BASE}/cards/5/comments").respond(200, json=stored)
    posted = respx.post(f"{BASE}/cards/5/comments").respond(
        200, json={"id": 33, "author_id": 1, "created": "2026-01-01T00:00:01Z"}
    )
    for words, made in (("да", "5/31"), ("нет", "5/33")):
        section = Section(key=Key(words), head="Иван", text=Text(plain=words))
        effect = AddComment(key=Key(words), ticket=TicketId("t"), sections=(section,))
        order = Order(key=effect.key, effect=effect, attempt=2, urgency=Urgency.CARD, card=CARD)
        assert await board.perform(order) == (Ref(port="kaiten", id=made),)
    assert posted.call_count == 1


@respx.mock
async def test_words_are_written_without_the_files_when_they_are_refused_together(
    board: KaitenBoard, spool: Any
) -> None:
    respx.get(f"{BASE}/users/current").respond(200, json={"id": 1})
    made = {"id": 33, "author_id": 1, "created": "2026-01-01T00:00:01Z"}
    posted = respx.post(f"{BASE}/cards/5/comments").mock(
        side_effect=[httpx.Response(413), httpx.Response(200, json=made)]
    )
    changed = respx.patch(f"{BASE}/cards/5/comments/33").mock(
        side_effect=[httpx.Response(413), httpx.Response(200, json=made), httpx.Response(200, json=made)]
    )
    files = (spool.put("big.bin", b"b" * 100), spool.put("small.txt", b"s"))
    section = Section(key=Key("m"), head="Иван", text=Text(plain="слова"), files=files)
    effect = AddComment(key=Key("m"), ticket=TicketId("t"), sections=(section,))
    order = Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.CARD, card=CARD)
    assert await board.perform(order) == (Ref(port="kaiten", id="5/33"),)
    assert (posted.call_count, changed.call_count) == (2, 3)
    assert "big.bin" in changed.calls[2].request.content.decode()
    assert "small.txt" not in changed.calls[2].request.content.decode()


# ---- files


@respx.mock
async def test_uploads_are_read_chunk_by_chunk(board: KaitenBoard, spool: Any, monkeypatch: Any) -> None:
    sizes: list[int] = []
    open_path = Path.open

    def watched(path: Path, *modes: Any, **more: Any) -> Any:
        handle = open_path(path, *modes, **more)
        read = handle.read

        class Watched:
            def read(self, size: int = -1) -> bytes:
                sizes.append(size)
                found: bytes = read(size)
                return found

            def __getattr__(self, name: str) -> Any:
                return getattr(handle, name)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *trouble: object) -> None:
                handle.close()

        return Watched() if "r" in (modes[0] if modes else "") else handle

    file = spool.put("big.bin", b"x" * 1_000_000)
    monkeypatch.setattr(Path, "open", watched)
    respx.get(f"{BASE}/users/current").respond(200, json={"id": 1})
    posted = respx.post(f"{BASE}/cards/5/comments").respond(
        200, json={"id": 33, "author_id": 1, "created": "2026-01-01T00:00:01Z"}
    )
    section = Section(key=Key("m"), head="Иван", text=Text(plain="слова"), files=(file,))
    effect = AddComment(key=Key("m"), ticket=TicketId("t"), sections=(section,))
    await board.perform(Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.CARD, card=CARD))
    request = posted.calls[0].request
    assert int(request.headers["content-length"]) > 1_000_000
    assert len(sizes) > 10
    assert all(0 < size <= 64 * 1024 for size in sizes)


def file_at(url: str) -> Ref:
    return Ref(port="kaiten", id=f"5/6/legacy/61/{url}")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://169.254.169.254/latest",
        "http://[::1]/x",
        "file:///etc/passwd",
    ],
)
async def test_a_file_never_leads_into_our_own_network(board: KaitenBoard, url: str) -> None:
    with pytest.raises(Rejected) as told:
        await collected(board, file_at(url))
    assert told.value.refusal is Refusal.FORBIDDEN


@respx.mock
async def test_nor_does_a_redirect(board: KaitenBoard) -> None:
    respx.get("https://files.kaiten.ru/a.txt").respond(302, headers={"Location": "http://10.0.0.1/secret"})
    with pytest.raises(Rejected):
        await collected(board, file_at("https://files.kaiten.ru/a.txt"))


@pytest.mark.parametrize(("status", "refusal"), [(404, Refusal.GONE), (403, Refusal.FORBIDDEN)])
@respx.mock
async def test_a_file_that_is_not_there_is_refused(board: KaitenBoard, status: int, refusal: Refusal) -> None:
    respx.get("https://files.kaiten.ru/a.txt").respond(status)
    with pytest.raises(Rejected) as told:
        await collected(board, file_at("https://files.kaiten.ru/a.txt"))
    assert told.value.refusal is refusal


@pytest.mark.parametrize("variant", ["", "?redirect=true", "/content", "?response_type=json"])
@respx.mock
async def test_a_restricted_file_is_found_however_kaiten_tells_its_place(board: KaitenBoard, variant: str) -> None:
    place = f"{BASE}/cards/c-uid/files/f-uid"

    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url) != place + variant:
            return httpx.Response(200, json={"id": "f-uid", "name": "a.txt"})
        if variant in ("?redirect=true", "/content"):
            return httpx.Response(302, headers={"Location": "https://store.example/signed"})
        return httpx.Response(200, json={"id": "f-uid", "url": "https://store.example/signed"})

    respx.get(f"{BASE}/cards/5").respond(200, json={"id": 5, "uid": "c-uid"})
    respx.get(url__startswith=place).mock(side_effect=answer)
    signed = respx.get("https://store.example/signed").respond(200, content=b"bytes")
    ref = Ref(port="kaiten", id="5/6/restricted/f-uid/-")
    assert await collected(board, ref) == b"bytes"
    assert "authorization" not in signed.calls[0].request.headers


@respx.mock
async def test_a_file_that_breaks_off_can_be_had_later(board: KaitenBoard) -> None:
    respx.get("https://files.kaiten.ru/a.txt").mock(side_effect=httpx.ReadError("reset"))
    with pytest.raises(Unavailable):
        await collected(board, file_at("https://files.kaiten.ru/a.txt"))


async def test_a_ref_that_is_no_file_is_refused(board: KaitenBoard) -> None:
    with pytest.raises(Rejected, match="does not name a file"):
        await collected(board, Ref(port="kaiten", id="5"))


async def collected(board: KaitenBoard, ref: Ref) -> bytes:
    return b"".join([chunk async for chunk in board.fetch(ref)])
