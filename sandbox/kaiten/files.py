"""The routes of files, legacy and restricted, and the addresses their bytes are read from.

https://developers.kaiten.ru/card-files
"""

from typing import Literal

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.kaiten import file_store, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, StoredFile, User
from sandbox.kaiten.file_store import Upload
from sandbox.kaiten.http import api, company_of, json_body, page, path_card, path_text, query_flag, refusal
from sandbox.kaiten.problems import Problem, bad_request, legacy_upload_disabled, not_found
from sandbox.kaiten.uploads import read_form

CHANGEABLE = {"name": schema.text(1024, shortest=1), "card_cover": schema.boolean}


def _card(company: Company, user: User, request: Request) -> tuple[Card, Literal["legacy", "restricted"]]:
    """A numeric id means the legacy files of the card, a UUID the restricted ones."""
    text = path_text(request, "card_id")
    if text.isdecimal():
        return path_card(company, user, request), "legacy"
    if not company.settings.restricted_files:
        raise not_found()
    return company.card_by_uid(text, user), "restricted"


def _file(company: Company, card: Card, request: Request) -> StoredFile:
    text = path_text(request, "file_id")
    return file_store.find(company, card, int(text) if text.isdecimal() else text)


async def _one_upload(company: Company, request: Request) -> Upload:
    _, uploads = await read_form(request, company, file_field="file")
    if len(uploads) != 1:
        file_store.discard(uploads)
        raise bad_request("File should have required property 'file'")
    return uploads[0]


def _check_restricted(company: Company, upload: Upload) -> None:
    limit = company.settings.upload_limit_bytes
    if limit is not None and upload.size > limit:
        upload.path.unlink()
        raise Problem(413, {"message": "File is too large"})
    if upload.name in company.settings.malicious_names:
        upload.path.unlink()
        raise Problem(422, {"message": "File is malicious"})


async def put_file(company: Company, user: User, request: Request) -> object:
    """The legacy upload: the file gets a public address."""
    return await _legacy_upload(company, user, path_card(company, user, request), request)


async def _legacy_upload(
    company: Company, user: User, card: Card, request: Request, property_id: int | None = None
) -> object:
    upload = await _one_upload(company, request)
    if not company.settings.legacy_files:
        file_store.discard([upload])
        raise legacy_upload_disabled()
    stored = file_store.keep(company, user, card, upload, "legacy", property_id=property_id)
    return shapes.file(company, stored)


async def post_file(company: Company, user: User, request: Request) -> object:
    """The restricted upload by the card's UUID; with a numeric id it silently makes a public legacy file."""
    card, kind = _card(company, user, request)
    if kind == "legacy":
        return await _legacy_upload(company, user, card, request)
    upload = await _one_upload(company, request)
    _check_restricted(company, upload)
    return shapes.restricted_file(company, file_store.keep(company, user, card, upload, "restricted"))


async def post_comment_file(company: Company, user: User, request: Request) -> object:
    """A restricted file of a comment; "new" in the comment's place is a comment not yet written."""
    card, kind = _card(company, user, request)
    if kind == "legacy":
        raise not_found()
    uid = path_text(request, "comment_uid")
    comments = {comment.uid: comment.id for comment in company.card_comments(card.id)}
    if uid != "new" and uid not in comments:
        raise not_found()
    upload = await _one_upload(company, request)
    _check_restricted(company, upload)
    stored = file_store.keep(company, user, card, upload, "restricted", comment_id=comments.get(uid), for_comment=True)
    return shapes.restricted_file(company, stored)


async def property_file(company: Company, user: User, request: Request) -> object:
    """A legacy file bound to an attachment property."""
    card = path_card(company, user, request)
    number = path_text(request, "property_id")
    known = company.properties.get(int(number)) if number.isdecimal() else None
    if known is None or known.type != "attachment":
        raise not_found()
    return await _legacy_upload(company, user, card, request, known.id)


async def list_files(company: Company, user: User, request: Request) -> object:
    card, kind = _card(company, user, request)
    found = [stored for stored in company.card_files(card.id) if kind == "legacy" or stored.kind == kind]
    if kind == "restricted":
        return page(request, [shapes.restricted_file(company, stored) for stored in found])
    return page(request, [shapes.file(company, stored) for stored in found])


async def get_file(company: Company, user: User, request: Request) -> object:
    """Metadata with an address signed for some seconds, or a redirect to it: `redirect=true`, `download=true`,
    `response_type=inline` or `attachment`."""
    card, kind = _card(company, user, request)
    stored = _file(company, card, request)
    if kind == "legacy" or stored.kind == "legacy":
        raise not_found()
    address = file_store.signed_address(company, stored)
    wanted = request.query_params.get("response_type", "json")
    if query_flag(request, "redirect") or query_flag(request, "download") or wanted in ("inline", "attachment"):
        return RedirectResponse(address, 302)
    return {**shapes.restricted_file(company, stored), "url": address}


async def get_content(company: Company, user: User, request: Request) -> object:
    card, _ = _card(company, user, request)
    stored = _file(company, card, request)
    if stored.kind == "legacy":
        raise not_found()
    return RedirectResponse(file_store.signed_address(company, stored), 302)


async def patch_file(company: Company, user: User, request: Request) -> object:
    card, _ = _card(company, user, request)
    stored = _file(company, card, request)
    values = schema.read(await json_body(request), CHANGEABLE, "File")
    changed = file_store.change(
        company,
        user,
        stored,
        name=str(values.get("name", stored.name)),
        card_cover=bool(values.get("card_cover", stored.card_cover)),
    )
    return shapes.file(company, changed) if changed.kind == "legacy" else shapes.restricted_file(company, changed)


async def delete_file(company: Company, user: User, request: Request) -> object:
    card, _ = _card(company, user, request)
    stored = _file(company, card, request)
    file_store.remove(company, user, stored)
    return {"id": stored.id}


async def read_public(request: Request) -> Response:
    company = company_of(request)
    try:
        return _bytes(file_store.at_public_address(company, path_text(request, "public_name")))
    except Problem as problem:
        return refusal(problem)


async def read_signed(request: Request) -> Response:
    """Object stores refuse a signed address that comes with a token too: so a leaked token is noticed here."""
    company = company_of(request)
    if "authorization" in request.headers:
        return refusal(Problem(400, "Only one auth mechanism allowed"))
    query = request.query_params
    try:
        file_id = path_text(request, "file_id")
        expires, signature = query.get("X-Expires", ""), query.get("X-Signature", "")
        return _bytes(file_store.at_signed_address(company, file_id, expires, signature))
    except Problem as problem:
        return refusal(problem)


def _bytes(stored: StoredFile) -> Response:
    return FileResponse(stored.path, filename=stored.name, media_type=stored.mime_type or "application/octet-stream")


FILES = "/cards/{card_id}/files"
COMMENT_FILES = "/cards/{card_id}/comments/{comment_uid}/files"
ROUTES = [
    api("GET", FILES, list_files),
    api("PUT", FILES, put_file),
    api("POST", FILES, post_file),
    api("GET", FILES + "/{file_id}", get_file),
    api("GET", FILES + "/{file_id}/content", get_content),
    api("PATCH", FILES + "/{file_id}", patch_file),
    api("DELETE", FILES + "/{file_id}", delete_file),
    api("POST", COMMENT_FILES, post_comment_file),
    api("GET", COMMENT_FILES + "/{file_id}", get_file),
    api("GET", COMMENT_FILES + "/{file_id}/content", get_content),
    api("PATCH", COMMENT_FILES + "/{file_id}", patch_file),
    api("DELETE", COMMENT_FILES + "/{file_id}", delete_file),
    api("PUT", "/cards/{card_id}/custom-properties/{property_id}/files", property_file),
]
PUBLIC_ROUTES = [
    Route("/files/{public_name}", read_public, methods=["GET"]),
    Route("/signed/{file_id}", read_signed, methods=["GET"]),
]
