"""The control routes: acting as people in the user interface, looking in, and ordering trouble."""

import asyncio
import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.kaiten import board_view, card_shapes, cards, comments, file_store, members, seed, shapes, tags
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, User
from sandbox.kaiten.file_store import Upload
from sandbox.kaiten.http import (
    company_of,
    json_body,
    path_number,
    path_text,
    query_flag,
    query_number,
    refusal,
    whole_body,
)
from sandbox.kaiten.problems import Problem, bad_request, not_found
from sandbox.kaiten.shapes import JsonObject
from sandbox.kaiten.stand_in import StandIn

Control = Callable[[StandIn, Company, Request], Awaitable[object]]


def control(method: str, path: str, endpoint: Control) -> Route:
    async def answer(request: Request) -> Response:
        stand_in = cast(StandIn, request.app.state.stand_in)
        await whole_body(request)
        try:
            found = await endpoint(stand_in, company_of(request), request)
        except Problem as problem:
            return refusal(problem)
        return found if isinstance(found, Response) else JSONResponse(found)

    return Route(path, answer, methods=[method])


def _card(company: Company, request: Request) -> Card:
    card = company.cards.get(path_number(request, "card_id"))
    if card is None:
        raise not_found()
    return card


async def _acting(company: Company, request: Request) -> tuple[User, JsonObject]:
    """Who acts, and the rest of the body."""
    body = await json_body(request)
    if "user" not in body:
        raise bad_request("body should have 'user': the name of who acts")
    return company.user_named(body.pop("user")), body


async def add_card(stand_in: StandIn, company: Company, request: Request) -> object:
    """A card made by a person in the user interface; board, column and lane by title or id."""
    user, body = await _acting(company, request)
    board = seed.board_named(company, body.pop("board", None))
    body["board_id"] = board.id
    if "column" in body:
        body["column_id"] = seed.column_named(company, board, body.pop("column"))
    if "lane" in body:
        body["lane_id"] = seed.lane_named(company, board, body.pop("lane"))
    return card_shapes.created(company, cards.create(company, user, body, source="app"))


async def change_card(stand_in: StandIn, company: Company, request: Request) -> object:
    """The fields of PATCH /cards/{id}, as a person."""
    user, body = await _acting(company, request)
    return card_shapes.flat(company, cards.patch(company, user, _card(company, request), body))


async def move_card(stand_in: StandIn, company: Company, request: Request) -> object:
    user, body = await _acting(company, request)
    card = _card(company, request)
    board = seed.board_named(company, body.get("board", card.board_id))
    changes: JsonObject = {"board_id": board.id}
    if "column" in body:
        changes["column_id"] = seed.column_named(company, board, body["column"])
    if "lane" in body:
        changes["lane_id"] = seed.lane_named(company, board, body["lane"])
    return card_shapes.flat(company, cards.patch(company, user, card, changes))


async def archive_card(stand_in: StandIn, company: Company, request: Request) -> object:
    """`{"archived": false}` brings it back."""
    user, body = await _acting(company, request)
    condition = 1 if body.get("archived") is False else 2
    changed = cards.patch(company, user, _card(company, request), {"condition": condition})
    return card_shapes.flat(company, changed)


async def delete_card(stand_in: StandIn, company: Company, request: Request) -> object:
    user, _ = await _acting(company, request)
    return card_shapes.flat(company, cards.delete(company, user, _card(company, request)))


async def tag_card(stand_in: StandIn, company: Company, request: Request) -> object:
    user, body = await _acting(company, request)
    return shapes.tag(tags.attach(company, user, _card(company, request), str(body.get("name", ""))))


async def join_card(stand_in: StandIn, company: Company, request: Request) -> object:
    user, body = await _acting(company, request)
    person = company.user_named(body.get("member"))
    card = _card(company, request)
    member = members.join(company, user, card, person.id)
    if body.get("responsible") is True:
        member = members.appoint(company, user, company.cards[card.id], person.id, 2)
    return shapes.member(company, card.id, member)


async def add_comment(stand_in: StandIn, company: Company, request: Request) -> object:
    user, body = await _acting(company, request)
    card = _card(company, request)
    uploads = [await _decoded(company, file) for file in _list(body.get("files", []))]
    comment = comments.add(company, user, card, str(body.get("text", "")), internal=body.get("internal") is True)
    for upload in uploads:
        kind = "legacy" if company.settings.legacy_files else "restricted"
        file_store.keep(
            company,
            user,
            card,
            upload,
            "legacy" if kind == "legacy" else "restricted",
            comment_id=comment.id,
            for_comment=True,
        )
    return shapes.comment(company, comment, with_author=True)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise bad_request("files should be array")
    return value


async def _decoded(company: Company, file: object) -> Upload:
    if not isinstance(file, dict) or not isinstance(file.get("name"), str):
        raise bad_request('a file is {"name", "base64", "mime"}')
    try:
        content = base64.b64decode(str(file.get("base64", "")), validate=True)
    except binascii.Error:
        raise bad_request(f"file {file['name']!r}: broken base64") from None
    path = company.files_directory / uuid.uuid4().hex
    await asyncio.to_thread(path.write_bytes, content)
    return Upload(name=file["name"], mime_type=file.get("mime"), path=path, size=len(content))


async def edit_comment(stand_in: StandIn, company: Company, request: Request) -> object:
    user, body = await _acting(company, request)
    comment = comments.find(company, _card(company, request), path_number(request, "comment_id"))
    edited = comments.edit(company, user, comment, str(body.get("text", "")))
    return shapes.comment(company, edited, with_author=True)


async def delete_comment(stand_in: StandIn, company: Company, request: Request) -> object:
    user, _ = await _acting(company, request)
    comment = comments.find(company, _card(company, request), path_number(request, "comment_id"))
    comments.remove(company, user, comment)
    return {"id": comment.id}


async def show_board(stand_in: StandIn, company: Company, request: Request) -> object:
    shown = board_view.view(company, archived=query_flag(request, "archived"))
    return {**shown, "seq": len(stand_in.stream.changes)}


async def show_calls(stand_in: StandIn, company: Company, request: Request) -> object:
    return [call.shape() for call in stand_in.calls[query_number(request, "since", 0) :]]


async def show_state(stand_in: StandIn, company: Company, request: Request) -> object:
    return stand_in.state()


async def show_settings(stand_in: StandIn, company: Company, request: Request) -> object:
    return company.settings.shape()


async def change_settings(stand_in: StandIn, company: Company, request: Request) -> object:
    stand_in.change_settings(await json_body(request))
    return company.settings.shape()


async def show_faults(stand_in: StandIn, company: Company, request: Request) -> object:
    return [fault.shape() for fault in stand_in.faults.waiting]


async def order_fault(stand_in: StandIn, company: Company, request: Request) -> object:
    return stand_in.faults.order(await json_body(request)).shape()


async def clear_faults(stand_in: StandIn, company: Company, request: Request) -> object:
    stand_in.faults.waiting.clear()
    return []


async def reset(stand_in: StandIn, company: Company, request: Request) -> object:
    stand_in.reset()
    return stand_in.state()


async def plant(stand_in: StandIn, company: Company, request: Request) -> object:
    stand_in.reset(await json_body(request))
    return stand_in.state()


async def show_deliveries(stand_in: StandIn, company: Company, request: Request) -> object:
    since = query_number(request, "since", 0)
    return [delivery.shape() for delivery in stand_in.courier.deliveries[since:]]


async def await_deliveries(stand_in: StandIn, company: Company, request: Request) -> object:
    await stand_in.courier.idle()
    return stand_in.state()["webhooks"]


async def follow(stand_in: StandIn, company: Company, request: Request) -> object:
    since = request.headers.get("last-event-id", request.query_params.get("since", ""))
    lines = stand_in.stream.follow(int(since) if since.isdecimal() else None)
    return StreamingResponse(lines, media_type="text/event-stream", headers={"cache-control": "no-store"})


async def read_file(stand_in: StandIn, company: Company, request: Request) -> object:
    text = path_text(request, "file_id")
    file = company.files.get(int(text) if text.isdecimal() else text)
    if file is None:
        raise not_found()
    return FileResponse(
        file.path,
        filename=file.name,
        media_type=file.mime_type or "application/octet-stream",
        content_disposition_type="inline",
    )


CARD = "/cards/{card_id}"
COMMENTS = CARD + "/comments"
ROUTES = [
    control("POST", "/cards", add_card),
    control("PATCH", CARD, change_card),
    control("POST", CARD + "/move", move_card),
    control("POST", CARD + "/archive", archive_card),
    control("POST", CARD + "/delete", delete_card),
    control("POST", CARD + "/tags", tag_card),
    control("POST", CARD + "/members", join_card),
    control("POST", COMMENTS, add_comment),
    control("PATCH", COMMENTS + "/{comment_id}", edit_comment),
    control("DELETE", COMMENTS + "/{comment_id}", delete_comment),
    control("GET", "/files/{file_id}", read_file),
    control("GET", "/board", show_board),
    control("GET", "/calls", show_calls),
    control("GET", "/state", show_state),
    control("GET", "/settings", show_settings),
    control("POST", "/settings", change_settings),
    control("GET", "/faults", show_faults),
    control("POST", "/faults", order_fault),
    control("DELETE", "/faults", clear_faults),
    control("POST", "/seed", plant),
    control("POST", "/reset", reset),
    control("GET", "/webhooks", show_deliveries),
    control("POST", "/webhooks/idle", await_deliveries),
    control("GET", "/stream", follow),
]
