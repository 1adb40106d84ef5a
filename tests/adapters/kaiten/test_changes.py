"""Changes read from Kaiten's stand-in over a real socket: what agents did, and nothing of what we did."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from adapters.kaiten import KaitenBoard, changes
from connector.domain.effects import AddComment, AddTag, CreateCard, Section, Spot, Urgency
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, CardSeen, Event
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.signature import sign
from connector.domain.words import File, FileKind, Text
from connector.ports import Batch, Order, Unavailable

TICKET = TicketId("t-1")
BASE = "https://company.kaiten.ru/api/latest"


class Reader:
    """Reads a board as the engine does: the next look begins where the stored batch ended."""

    def __init__(self, board: KaitenBoard) -> None:
        self.board = board
        self.cursor: str | None = None
        self.keys: set[Key] = set()

    async def look(self) -> list[Any]:
        """One look; events the journal knows already are dropped, as the engine drops them."""
        batch = await self.board.read(self.cursor)
        self.cursor = batch.cursor
        return self.news(batch)

    async def looks(self, count: int = 6) -> list[Any]:
        """As many looks as take in the archive."""
        return [event for _ in range(count) for event in await self.look()]

    def news(self, batch: Batch) -> list[Event]:
        fresh = [one.event for one in batch.arrivals if one.event is not None and one.key not in self.keys]
        self.keys.update(one.key for one in batch.arrivals)
        return fresh


async def create(kaiten: Any, board: KaitenBoard, external_id: str = "t-1") -> Ref:
    shown = kaiten.get("/spaces")[0]["boards"][0]
    effect = CreateCard(
        key=Key(f"create:{external_id}"),
        ticket=TICKET,
        external_id=external_id,
        topic="cash",
        service_class="today",
        title="Касса",
        description="",
        due_at=None,
        spot=Spot(board=str(shown["id"])),
    )
    (ref,) = await board.perform(Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.CARD))
    return ref


async def say(board: KaitenBoard, card: Ref, text: str, *, key: str = "m1", files: Sequence[File] = ()) -> None:
    words = Section(key=Key(key), head="Иван", text=Text(plain=text), files=tuple(files))
    effect = AddComment(key=Key(f"say:{key}"), ticket=TICKET, sections=(words,))
    await board.perform(Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.CARD, card=card))


def of(kind: type[Event], events: Sequence[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture
async def reader(board: KaitenBoard) -> Reader:
    started = Reader(board)
    await started.looks(1)
    return started


@pytest.fixture
async def card(kaiten: Any, board: KaitenBoard, reader: Reader) -> Ref:
    ref = await create(kaiten, board)
    await reader.look()
    kaiten.calls()
    return ref


# ---- comments


async def test_an_agents_comment_is_told_once_with_author_text_and_ticket(
    kaiten: Any, reader: Reader, card: Ref
) -> None:
    said = kaiten.say(int(card.id), "Проверьте **кабель**")
    (event,) = await reader.looks()
    assert isinstance(event, AgentCommented)
    assert event.key == event.comment.key == f"kaiten:{card.id}/{said}"
    assert (event.author.name, event.ticket, event.card, event.internal) == ("Анна Смирнова", TICKET, card, False)
    assert event.text.plain == "Проверьте кабель"


async def test_our_own_comments_are_neither_told_nor_read(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref, spool: Any
) -> None:
    await say(board, card, "раз")
    await say(board, card, "два", key="m2", files=[spool.put("a.txt", b"a")])
    events = await reader.looks()
    assert of(AgentCommented, events) == of(AgentAttached, events) == []
    calls = kaiten.calls()
    assert calls.count(f"POST /cards/{card.id}/comments") == 2
    assert not [call for call in calls if call.startswith(f"GET /cards/{card.id}")]


async def test_a_reader_at_work_while_we_write_reads_nothing_of_ours(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    kaiten.fault("/comments$", method="POST", delay_after_seconds=0.06, times=None)  # shown before it is answered
    reading = asyncio.create_task(reader.looks(30))
    for count in range(10):
        await say(board, card, f"№{count}", key=f"m{count}")
    assert of(AgentCommented, await reading) == []
    assert f"GET /cards/{card.id}/comments" not in kaiten.calls()


async def test_a_file_that_joins_later_is_told_by_itself_whoever_reads_it(
    kaiten: Any, board: KaitenBoard, board_at: Any, reader: Reader, card: Ref
) -> None:
    file = {"id": 61, "name": "a.txt", "size": 1, "type": 8, "url": "https://files.kaiten.ru/u.txt", "comment_id": 0}
    said = kaiten.say(int(card.id), "вот")
    shown = kaiten.get(f"/cards/{card.id}")
    created = kaiten.comments(int(card.id))[0]["created"]
    late = {**file, "comment_id": said, "created": created.replace("2026", "2027")}
    together = {**file, "id": 62, "comment_id": said, "created": created}
    kaiten.fault(f"/cards/{card.id}$", status=200, body={**shown, "files": [late, together]}, times=None)
    events = await reader.looks()
    assert [[found.ref.id.split("/")[3] for found in event.files] for event in of(AgentCommented, events)] == [["62"]]
    assert [event.file.ref.id.split("/")[3] for event in of(AgentAttached, events)] == ["61"]
    assert of(AgentAttached, events)[0].key == of(AgentAttached, events)[0].file.ref.key


async def test_a_card_with_tag_and_comment_costs_one_call_each(kaiten: Any, board: KaitenBoard, reader: Reader) -> None:
    ref = await create(kaiten, board)
    tag = AddTag(key=Key("tag"), ticket=TICKET, name="кабинет 77")
    await board.perform(Order(key=tag.key, effect=tag, attempt=1, urgency=Urgency.LABEL, card=ref))
    await say(board, ref, "раз")
    await reader.looks()
    calls = [call for call in kaiten.calls() if call not in ("GET /cards", "GET /spaces")]
    assert calls == ["POST /cards", f"POST /cards/{ref.id}/tags", f"POST /cards/{ref.id}/comments"]


async def test_an_agents_comment_next_to_ours_is_not_missed(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    kaiten.say(int(card.id), "перед нашим")
    await say(board, card, "наше")
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["перед нашим"]
    await say(board, card, "ещё наше", key="m2")
    kaiten.say(int(card.id), "после нашего")
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["после нашего"]


async def test_words_under_our_account_without_a_signature_are_an_agents(
    kaiten: Any, reader: Reader, card: Ref
) -> None:
    kaiten.say(int(card.id), "под тем же токеном", user="bot")
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["под тем же токеном"]


async def test_our_words_copied_by_an_agent_are_told_without_the_signature(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    await say(board, card, "раз")
    quoted = f"> {kaiten.comments(int(card.id))[0]['text']}\n\nда"
    kaiten.say(int(card.id), quoted)
    (event,) = of(AgentCommented, await reader.looks())
    assert "раз" in event.text.plain
    assert sign(Key("m1")) not in event.text.plain


async def test_internal_comments_are_told_as_internal(kaiten: Any, reader: Reader, card: Ref) -> None:
    kaiten.say(int(card.id), "для своих", internal=True)
    (event,) = of(AgentCommented, await reader.looks())
    assert event.internal


async def test_cards_without_an_external_id_are_not_ours_and_cost_nothing(kaiten: Any, reader: Reader) -> None:
    made = kaiten.order("POST", "/cards", {"user": "anna", "board": "Финансы", "title": "чужая"})
    kaiten.say(made["id"], "чужое")
    kaiten.calls()
    assert await reader.looks() == []
    assert {call for call in kaiten.calls()} == {"GET /cards"}


async def test_a_card_is_told_with_its_external_id_whole(kaiten: Any, board: KaitenBoard, reader: Reader) -> None:
    await create(kaiten, board, "t-1.2")
    (event,) = await reader.looks()
    assert event.ticket == "t-1.2"


@pytest.mark.parametrize("legacy", [True, False])
async def test_files_come_with_their_comment_and_can_be_fetched_without_showing_the_token(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref, legacy: bool
) -> None:
    kaiten.settings(legacy_files=legacy)
    content = bytes(range(256)) * 1024
    files = [{"name": "схема.png", "base64": base64.b64encode(content).decode(), "mime": "image/png"}]
    kaiten.say(int(card.id), "вот", files=files)
    events = await reader.looks()
    (event,) = of(AgentCommented, events)
    assert of(AgentAttached, events) == []
    (file,) = event.files
    assert (file.name, file.kind, file.size, file.obtainable) == ("схема.png", FileKind.PHOTO, 262_144, True)
    chunks = [chunk async for chunk in board.fetch(file.ref)]
    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= 64 * 1024
    log = kaiten.order("GET", "/calls")
    outside = [call for call in log if not call["path"].startswith("/api")]
    assert outside
    assert not any(call["with_token"] for call in outside)


async def test_an_edit_seen_by_webhook_is_told_with_the_new_text(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    said = kaiten.say(int(card.id), "было")
    await reader.looks()
    kaiten.order("PATCH", f"/cards/{card.id}/comments/{said}", {"user": "anna", "text": "стало"})
    assert await reader.looks() == []
    board.receive(webhook("comment:update", old={"id": said, "card_id": int(card.id)}, changes={"text": "x"}))
    (event,) = await reader.looks()
    assert isinstance(event, AgentEdited)
    assert (event.text.plain, event.comment.id) == ("стало", f"{card.id}/{said}")


async def test_a_removal_is_told_only_when_kaiten_bears_the_webhook_out(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    said = kaiten.say(int(card.id), "лишнее")
    await reader.looks()
    board.receive(webhook("comment:remove", id=said, card_id=int(card.id)))
    assert await reader.looks() == []
    kaiten.order("DELETE", f"/cards/{card.id}/comments/{said}", {"user": "anna"})
    board.receive(webhook("comment:remove", id=said, card_id=int(card.id)))
    (event,) = await reader.looks()
    assert isinstance(event, AgentRemoved)
    assert event.comment.id == f"{card.id}/{said}"


async def test_a_comment_of_ours_that_somebody_deletes_is_told_as_removed(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    said = AddComment(
        key=Key("say/1"), ticket=TicketId("kc-1"), sections=(Section(key=Key("say/1"), head="", text=Text(plain="а")),)
    )
    [comment] = await board.perform(Order(key=said.key, effect=said, attempt=1, urgency=Urgency.CARD, card=card))
    assert await reader.looks() == []
    number = int(comment.id.partition("/")[2])
    kaiten.order("DELETE", f"/cards/{card.id}/comments/{number}", {"user": "bot"})
    me = {"id": 1060001}
    body = {"event": "comment:remove", "data": {"id": number, "card_id": int(card.id), "author": me}}
    board.receive(json.dumps(body).encode())
    (event,) = await reader.looks()
    assert isinstance(event, AgentRemoved)
    assert event.comment == comment


def webhook(event: str, **data: object) -> bytes:
    return json.dumps({"event": event, "data": {**data, "author": {"id": 999}}}).encode()


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff", b'{"event":1,"data":{"id":[]}}', b"[" * 100_000])
async def test_whatever_comes_as_a_webhook_hurts_nobody(board: KaitenBoard, reader: Reader, payload: bytes) -> None:
    board.receive(payload)
    assert await reader.looks(1) == []


# ---- cards


async def test_a_move_is_told_with_the_new_column_and_version(kaiten: Any, reader: Reader, card: Ref) -> None:
    kaiten.order("POST", f"/cards/{card.id}/move", {"user": "anna", "column": "В работе"})
    (event,) = await reader.looks()
    shown = kaiten.get(f"/cards/{card.id}")
    assert isinstance(event, CardSeen)
    assert (event.column, event.version, event.gone) == (str(shown["column_id"]), shown["version"], False)


async def test_an_archived_card_is_told_as_gone_and_a_restored_one_as_back(
    kaiten: Any, reader: Reader, card: Ref
) -> None:
    kaiten.order("POST", f"/cards/{card.id}/archive", {"user": "anna"})
    (event,) = await reader.looks()
    assert event.gone
    kaiten.order("POST", f"/cards/{card.id}/archive", {"user": "anna", "archived": False})
    (event,) = await reader.looks()
    assert not event.gone


async def test_a_comment_just_before_the_archive_is_not_lost(kaiten: Any, reader: Reader, card: Ref) -> None:
    kaiten.say(int(card.id), "закрываю")
    kaiten.order("POST", f"/cards/{card.id}/archive", {"user": "anna"})
    events = await reader.looks()
    assert [event.text.plain for event in of(AgentCommented, events)] == ["закрываю"]
    assert [event.gone for event in of(CardSeen, events)] == [True]


async def test_a_deleted_card_a_webhook_points_at_is_told_as_gone(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    kaiten.order("POST", f"/cards/{card.id}/delete", {"user": "anna"})
    assert await reader.looks() == []
    board.receive(webhook("card:update", old={"id": int(card.id)}, changes={"condition": 3}))
    (event,) = await reader.looks()
    assert event.gone
    assert event.key.endswith(":gone")


async def test_a_card_that_vanished_without_a_trace_is_found_by_the_sweep(
    kaiten: Any, board_at: Any, clock: Any
) -> None:
    board = board_at(kaiten.api, clock=clock, poll_seconds=60.0)
    boards = (await board.layout([])).boards
    board.watch([known.id for known in boards])
    reader = Reader(board)
    await reader.looks(1)
    kept, lost = await create(kaiten, board, "t-1"), await create(kaiten, board, "t-2")
    await reader.looks(1)
    kaiten.order("POST", f"/cards/{lost.id}/delete", {"user": "anna"})
    kaiten.calls()
    (event,) = await reader.looks(12)
    assert (event.card, event.gone) == (lost, True)
    assert f"GET /cards/{kept.id}" not in kaiten.calls()


@respx.mock
async def test_a_comment_that_neither_list_has_shown_is_told_by_the_sweep(board_at: Any, clock: Any) -> None:
    at = "2026-11-22T09:00:00.000Z"
    card = {"id": 5, "version": 1, "external_id": "t-1", "board_id": 2, "column_id": 3, "updated": at, "created": at}
    said = {"id": 50, "author_id": 8, "text": "давно готово", "created": "2026-11-22T09:01:00.000Z"}

    def cards(request: httpx.Request) -> httpx.Response:
        complete = request.url.params.get("order_by") == "created" and request.url.params["archived"] == "false"
        return httpx.Response(200, json=[{**card, "comments_total": 1}] if complete else [])

    respx.get(f"{BASE}/users/current").respond(200, json={"id": 9})
    respx.get(f"{BASE}/cards").mock(side_effect=cards)
    respx.get(f"{BASE}/cards/5").respond(200, json=card)
    respx.get(f"{BASE}/cards/5/comments").respond(200, json=[said])
    board = board_at(BASE, clock=clock, poll_seconds=60.0)
    board.watch(["2"])
    told = of(AgentCommented, await Reader(board).looks(13))
    assert [event.text.plain for event in told] == ["давно готово"]


@pytest.mark.parametrize("newest_first", [False, True])
async def test_comments_of_one_moment_are_told_as_they_were_written(
    kaiten: Any, reader: Reader, card: Ref, newest_first: bool
) -> None:
    for count in range(3):
        kaiten.say(int(card.id), f"№{count}")
    listed = [{**comment, "created": "2026-11-22T09:01:00.000Z"} for comment in kaiten.comments(int(card.id))]
    kaiten.fault("/comments$", method="GET", status=200, body=listed[::-1] if newest_first else listed, times=None)
    told = of(AgentCommented, await reader.looks())
    assert [event.text.plain for event in told] == ["№0", "№1", "№2"]


async def test_comments_without_a_time_are_told_once_in_the_order_of_their_numbers(
    kaiten: Any, reader: Reader, card: Ref
) -> None:
    for count in range(3):
        kaiten.say(int(card.id), f"№{count}")
    timeless = [
        {name: value for name, value in comment.items() if name not in ("created", "updated")}
        for comment in kaiten.comments(int(card.id))
    ]
    kaiten.fault("/comments$", method="GET", status=200, body=timeless[::-1], times=None)
    told = of(AgentCommented, await reader.looks())
    assert [event.text.plain for event in told] == ["№0", "№1", "№2"]


# ---- reading as such


async def test_reading_begins_at_the_present_and_nothing_old_is_told(kaiten: Any, board: KaitenBoard) -> None:
    ref = await create(kaiten, board)
    kaiten.say(int(ref.id), "давно")
    first = await board.read(None)
    again = await board.read(first.cursor)
    assert first.cursor is not None
    assert [one.key for one in again.arrivals] == []


async def test_a_restarted_process_goes_on_where_the_last_one_stopped(
    kaiten: Any, board_at: Any, reader: Reader, card: Ref
) -> None:
    kaiten.say(int(card.id), "пока никто не читал")
    other = board_at(kaiten.api)
    other.watch([known.id for known in (await other.layout([])).boards])
    heir = Reader(other)
    heir.cursor, heir.keys = reader.cursor, reader.keys
    assert [event.text.plain for event in of(AgentCommented, await heir.looks())] == ["пока никто не читал"]


async def test_a_batch_that_was_not_stored_is_told_again(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    kaiten.say(int(card.id), "дважды")
    lost = await board.read(reader.cursor)
    assert [one.event.text.plain for one in lost.arrivals if isinstance(one.event, AgentCommented)] == ["дважды"]
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["дважды"]


async def test_a_page_that_fails_fails_the_read_and_nothing_is_skipped(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref
) -> None:
    kaiten.say(int(card.id), "будет")
    kaiten.fault(f"/cards/{card.id}/comments$", method="GET", status=500, times=3)
    with pytest.raises(Unavailable):
        await board.read(reader.cursor)
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["будет"]


async def test_a_read_is_repeated_quickly_when_one_call_fails(kaiten: Any, reader: Reader, card: Ref) -> None:
    kaiten.say(int(card.id), "всё же")
    kaiten.fault("/cards$", method="GET", status=502)
    assert [event.text.plain for event in of(AgentCommented, await reader.look())] == ["всё же"]


async def test_more_comments_than_a_page_holds_are_all_told(kaiten: Any, reader: Reader, card: Ref) -> None:
    for count in range(130):
        kaiten.say(int(card.id), f"№{count}")
    assert [event.text.plain for event in await reader.looks()] == [f"№{count}" for count in range(130)]


async def test_more_cards_than_a_page_holds_are_all_told_once(kaiten: Any, board: KaitenBoard, reader: Reader) -> None:
    kaiten.settings(nulls_in_descending_order="first")
    made = {await create(kaiten, board, f"t-{count}") for count in range(120)}
    kaiten.say(int(min(made, key=lambda ref: int(ref.id)).id), "самая старая")
    events = await reader.looks()
    assert {event.card for event in of(CardSeen, events)} == made
    assert len(events) == 121
    assert [event.text.plain for event in of(AgentCommented, events)] == ["самая старая"]


@pytest.mark.parametrize("cursor", ["", "null", "[1]", '{"serial":1}'])
async def test_a_cursor_that_is_none_of_ours_is_said_to_be_so(board: KaitenBoard, cursor: str) -> None:
    with pytest.raises(Unavailable, match="cursor"):
        await board.read(cursor)


async def test_a_hint_ends_the_waiting(kaiten: Any, board_at: Any, clock: Any) -> None:
    board = board_at(kaiten.api, clock=clock, poll_seconds=3.0)
    await board.read(None)
    await board.read(None)
    assert sum(clock.slept) == pytest.approx(3.0)
    board.hint()
    await board.read(None)
    assert sum(clock.slept) == pytest.approx(3.5)


async def test_payloads_are_kept_in_pure_ascii(kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref) -> None:
    kaiten.say(int(card.id), "текст 😀")
    batch = await board.read(reader.cursor)
    assert batch.arrivals
    assert all(one.raw.isascii() and json.loads(one.raw) for one in batch.arrivals)


@pytest.mark.parametrize("kept", ["kept", "visible", "html"])
async def test_a_comment_of_ours_that_was_never_answered_for_is_no_agents(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref, kept: str
) -> None:
    kaiten.settings(comment_text=kept)
    kaiten.fault("/comments$", method="POST", status=504, after_effect=True)
    with pytest.raises(Unavailable):
        await say(board, card, "касса <не> печатает & ждём")
    assert of(AgentCommented, await reader.look()) == []
    kaiten.say(int(card.id), "Сейчас придём")
    (told,) = of(AgentCommented, await reader.look())
    assert told.text.plain == "Сейчас придём"


@pytest.mark.parametrize("told", ["moment", "null", "absent", "nothing"])
async def test_a_comment_is_told_wherever_cards_do_not_say_when_they_were_last_commented_on(
    kaiten: Any, board: KaitenBoard, reader: Reader, card: Ref, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "OVERLAP", timedelta(0))  # a card leaves at once the border that is read again
    nothing = told == "nothing"
    kaiten.settings(comment_last_added_at="absent" if nothing else told, comments_total_told=not nothing)
    await create(kaiten, board, "later")
    await reader.looks()
    kaiten.say(int(card.id), "на старой карточке")
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["на старой карточке"]
    kaiten.say(int(card.id), "и ещё раз")
    assert [event.text.plain for event in of(AgentCommented, await reader.looks())] == ["и ещё раз"]
    kaiten.calls()
    await reader.look()
    assert bool([call for call in kaiten.calls() if call.endswith("/comments")]) is nothing  # only looking tells


async def test_a_server_that_gives_fewer_at_a_time_than_it_is_asked_for_is_read_to_the_end(
    kaiten: Any, board: KaitenBoard, reader: Reader
) -> None:
    kaiten.settings(largest_page=20, nulls_in_descending_order="first")
    made = [await create(kaiten, board, f"t-{count}") for count in range(45)]
    for count in range(50):
        kaiten.say(int(made[0].id), f"№{count}")
    events = await reader.looks()
    assert {event.card for event in of(CardSeen, events)} == set(made)
    assert [event.text.plain for event in of(AgentCommented, events)] == [f"№{count}" for count in range(50)]
