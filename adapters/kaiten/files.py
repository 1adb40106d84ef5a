"""Bytes to Kaiten and from it: streamed both ways, by the old public route or the restricted one."""

from __future__ import annotations

import ipaddress
import mimetypes
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import httpx

from adapters.kaiten.attachments import Address, as_file, file_address, read_attachment
from adapters.kaiten.http import LEGACY_FILES_OFF, Parts, Refused, Trip, Wire
from adapters.kaiten.incoming import fields, word
from adapters.kaiten.memory import Memory
from connector.domain.effects import Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.domain.words import File
from connector.ports import Rejected, Unavailable

CHUNK = 64 * 1024
"""Bytes."""
_LOCATIONS = ("", "?redirect=true", "/content", "?response_type=json")
"""Ways in which Kaiten has told where a restricted file lies; sources disagree."""

Opened = tuple[File, Path]


class Files:
    """Files of one Kaiten company.

    `restricted` tells which route uploads take: False until Kaiten refuses the old one, then True for good.
    """

    def __init__(self, wire: Wire, memory: Memory) -> None:
        self.restricted = False
        self._wire = wire
        self._memory = memory
        # A client of its own: the token must not reach another host.
        self._plain = httpx.AsyncClient(
            verify=wire.tls,
            timeout=httpx.Timeout(30, connect=5),
            follow_redirects=True,
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [self._only_outside]},
        )

    # ---- up

    async def attach_to_card(self, trip: Trip, card: int, opened: Opened) -> Ref:
        """Puts one file on the card itself.

        https://developers.kaiten.ru/card-files/attach-file-to-card
        https://developers.kaiten.ru/restricted-access-card-files/attach-file-to-card
        """
        if not self.restricted:
            try:
                with parts("file", [opened]) as legacy:
                    answer = await trip.write("PUT", f"/cards/{card}/files", files=legacy)
                return self._made(card, opened, answer)
            except Refused as no:
                self.learn_route(no)
        with parts("file", [opened]) as body:
            answer = await trip.write("POST", f"/cards/{await self.card_uid(trip, card)}/files", files=body)
        return self._made(card, opened, answer)

    async def attach_to_comment(
        self, trip: Trip, card: int, comment: int, comment_uid: str | None, text: str, opened: Opened
    ) -> None:
        """Adds one file to a comment of ours; `text` is the comment's text, which the old route wants again.

        https://developers.kaiten.ru/card-comments/update-comment
        https://developers.kaiten.ru/restricted-access-files-migration
        """
        if not self.restricted:
            try:
                with parts("files[]", [opened]) as legacy:
                    await trip.write("PATCH", f"/cards/{card}/comments/{comment}", data={"text": text}, files=legacy)
                return
            except Refused as no:
                self.learn_route(no)
        if comment_uid is None:
            raise Rejected(f"comment {comment} of card {card} has no uid: no file can be attached to it")
        path = f"/cards/{await self.card_uid(trip, card)}/comments/{quote(comment_uid)}/files"
        with parts("file", [opened]) as body:
            await trip.write("POST", path, files=body)

    def learn_route(self, no: Refused) -> None:
        """Goes over to the restricted route when that is what the refusal means; raises it again otherwise."""
        if no.code != LEGACY_FILES_OFF:
            raise no
        self.restricted = True

    async def card_uid(self, trip: Trip, card: int) -> str:
        """The card's UUID: with its number the restricted route would silently make a public file."""
        uid = self._memory.uids.get(card)
        if uid is None:
            uid = word((fields(await trip.get(f"/cards/{card}", {"broken_api": False})) or {}).get("uid"))
            if "-" not in uid:
                raise Rejected(f"card {card} has no uid: no file can be put on it")
            self._memory.uids[card] = uid
        return quote(uid)

    @staticmethod
    def _made(card: int, opened: Opened, answer: object) -> Ref:
        attachment = read_attachment(fields(answer) or {})
        if attachment is None:
            raise Unavailable(f"Kaiten did not say whether it took the file {opened[0].name!r}")
        return as_file(card, attachment).ref

    # ---- down

    async def fetch(self, ref: Ref) -> AsyncIterator[bytes]:
        """The bytes in chunks of at most 64 KiB. Raises Unavailable, Rejected."""
        try:
            address = file_address(ref)
        except ValueError as error:
            raise Rejected(str(error)) from None
        url = address.url or await self._locate(address)
        if not _on_the_web(url):
            raise Rejected("the file's address is not one of the web", Refusal.FORBIDDEN)
        try:
            async with self._plain.stream("GET", url) as answer:
                _judge(answer)
                async for chunk in answer.aiter_bytes(CHUNK):
                    yield chunk
        except httpx.HTTPError as error:
            raise Unavailable(f"a file of card {address.card} broke off: {type(error).__name__}") from None

    async def _locate(self, address: Address) -> str:
        """A short-lived address of a restricted file.

        https://developers.kaiten.ru/restricted-access-files-migration
        """
        trip = self._wire.trip(Urgency.REPLY)
        try:
            card = await self.card_uid(trip, address.card)
        except Refused as no:
            raise Rejected(str(no), Refusal.GONE) from None
        places = [f"/cards/{card}/files/{quote(address.id)}"]
        if address.comment_uid:
            places.append(f"/cards/{card}/comments/{quote(address.comment_uid)}/files/{quote(address.id)}")
        refused: Refused | None = None
        for place in places:
            for variant in _LOCATIONS:
                try:
                    url = _location(await self._wire.exchange(Urgency.REPLY, "GET", place + variant))
                except Refused as no:
                    refused = no
                    break
                if url:
                    return url
        if refused is not None:
            gone = refused.status in (403, 404)
            raise Rejected(str(refused), Refusal.GONE if gone else Refusal.FORBIDDEN) from None
        raise Unavailable(f"Kaiten did not tell where a file of card {address.card} lies")

    async def _only_outside(self, request: httpx.Request) -> None:
        """An agent may attach any address as a file: it must not lead into the network the connector runs in."""
        if _inner(request.url.host) and request.url.host != self._wire.host and not _inner(self._wire.host):
            raise Rejected("the file's address leads into the connector's own network", Refusal.FORBIDDEN)

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._plain.aclose()


@contextmanager
def parts(name: str, opened: Sequence[Opened] | Iterable[Opened]) -> Iterator[Parts]:
    """Multipart files read from disk while they are sent, in chunks, under their own names."""
    with ExitStack() as stack:
        yield [(name, (file.name, _reader(stack, path), _mime(file))) for file, path in opened]


def _reader(stack: ExitStack, path: Path) -> IO[bytes]:
    return stack.enter_context(path.open("rb"))


def _mime(file: File) -> str:
    return file.mime or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _location(answer: httpx.Response) -> str | None:
    if 300 <= answer.status_code < 400:
        location = answer.headers.get("location")
        return str(answer.url.join(location)) if location else None
    try:
        body = fields(answer.json())
    except ValueError:
        return None
    return word((body or {}).get("url")) or None


def _judge(answer: httpx.Response) -> None:
    status = answer.status_code
    if status < 300:
        return
    if status in (404, 410):
        raise Rejected(f"the file is no longer there ({status})", Refusal.GONE)
    if status in (408, 429) or status >= 500:
        raise Unavailable(f"the file store answered {status}")
    raise Rejected(f"the file store answered {status}", Refusal.FORBIDDEN)


def _on_the_web(url: str) -> bool:
    try:
        return httpx.URL(url).scheme in ("http", "https")
    except httpx.InvalidURL:
        return False


def _inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
