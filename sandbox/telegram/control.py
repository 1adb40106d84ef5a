"""The control API of the stand-in, JSON under `/sandbox/`; the README beside this file lists it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.telegram import groups, people, reading, transcript
from sandbox.telegram.calls import Calls
from sandbox.telegram.faults import Faults
from sandbox.telegram.flood import Flood, Limits
from sandbox.telegram.parameters import Parameters, Upload
from sandbox.telegram.refusals import Misused
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.world import Chat, Message, Payload, User, World

_HEARTBEAT_SECONDS = 15.0


def misuse(what: str) -> Exception:
    return Misused(400, what)


async def misused(request: Request, trouble: Exception) -> Response:
    status, error = (trouble.status, trouble.error) if isinstance(trouble, Misused) else (500, repr(trouble))
    return reading.answer({"error": error}, status)


@asynccontextmanager
async def _asked(request: Request) -> AsyncIterator[Parameters]:
    async with reading.parameters(request, misuse) as asked:
        written = asked.text("file_base64")
        if written is None:
            yield asked
            return
        try:
            content = base64.b64decode(written, validate=True)
        except binascii.Error:
            raise Misused(400, "file_base64 is not base64") from None
        name, mime = asked.text("file_name") or "file.bin", asked.text("mime")
        upload = Upload(name=name, mime=mime, size=len(content), content=io.BytesIO(content))
        yield Parameters(asked.values, {**asked.uploads, "file": upload}, misuse)


def _written(message: Message, update_id: int | None) -> Payload:
    return {"message_id": message.id, "update_id": update_id}


class Control:
    def __init__(self, world: World, webhook: Webhook, flood: Flood, faults: Faults, calls: Calls) -> None:
        self._world = world
        self._webhook = webhook
        self._flood = flood
        self._faults = faults
        self._calls = calls

    def routes(self) -> list[Route]:
        chat, message = "/sandbox/chats/{chat_id:int}", "/sandbox/chats/{chat_id:int}/messages/{message_id:int}"
        rows: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("POST", "/sandbox/users", self.add_user),
            ("POST", "/sandbox/users/{user_id:int}/deactivate", self.deactivate),
            ("GET", "/sandbox/chats", self.chats),
            ("POST", "/sandbox/chats", self.add_group),
            ("GET", chat, self.chat),
            ("POST", chat + "/messages", self.write),
            ("POST", chat + "/albums", self.album),
            ("PUT", message, self.edit),
            ("DELETE", message, self.delete),
            ("POST", message + "/reactions", self.react),
            ("POST", chat + "/taps", self.tap),
            ("POST", chat + "/presses", self.press),
            ("POST", chat + "/block", self.block),
            ("POST", chat + "/unblock", self.unblock),
            ("POST", chat + "/kick", self.kick),
            ("POST", chat + "/migrate", self.migrate),
            ("GET", "/sandbox/files/{file_id}", self.file),
            ("POST", "/sandbox/updates", self.inject),
            ("POST", "/sandbox/duplicate", self.duplicate),
            ("POST", "/sandbox/expire", self.expire),
            ("GET", "/sandbox/calls", self.calls),
            ("GET", "/sandbox/faults", self.faults),
            ("POST", "/sandbox/faults", self.add_fault),
            ("DELETE", "/sandbox/faults", self.clear_faults),
            ("POST", "/sandbox/limits", self.limit),
            ("GET", "/sandbox/state", self.state),
            ("POST", "/sandbox/reset", self.reset),
            ("GET", "/sandbox/stream", self.stream),
        ]
        # Group ids are negative, which the router's own kind of number does not know.
        return [
            Route(path.replace("{chat_id:int}", "{chat_id}"), endpoint, methods=[verb]) for verb, path, endpoint in rows
        ]

    # People and chats

    async def add_user(self, request: Request) -> Response:
        async with _asked(request) as asked:
            user_id, first_name = asked.integer("id"), asked.text("first_name")
            if user_id is None or user_id <= 0 or not first_name:
                raise Misused(400, "a user needs a positive id and a first_name")
            user = self._world.users.setdefault(user_id, User(id=user_id, first_name=first_name))
            user.first_name = first_name
            user.last_name = asked.text("last_name")
            user.username = asked.text("username")
            user.language_code = asked.text("language_code")
            self._world.chats.setdefault(user_id, Chat(id=user_id, type="private", user=user))
            self._world.changes.note("chat", chat_id=user_id)
            return reading.answer({"user_id": user_id, "chat_id": user_id})

    async def deactivate(self, request: Request) -> Response:
        user = self._world.users.get(request.path_params["user_id"])
        if user is None:
            raise Misused(404, "no such user")
        user.deactivated = True
        return reading.answer({"ok": True})

    async def add_group(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(groups.create(self._world, asked))

    async def chats(self, request: Request) -> Response:
        return reading.answer([transcript.overview(chat) for chat in self._world.chats.values()])

    async def chat(self, request: Request) -> Response:
        return reading.answer(transcript.whole(self._world, people.chat_of(self._world, _chat_id(request))))

    async def write(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(_written(*await people.write(self._world, _chat_id(request), asked)))

    async def album(self, request: Request) -> Response:
        async with _asked(request) as asked:
            sent = await people.album(self._world, _chat_id(request), asked)
            return reading.answer([_written(*one) for one in sent])

    async def edit(self, request: Request) -> Response:
        async with _asked(request) as asked:
            message_id = request.path_params["message_id"]
            return reading.answer(_written(*people.edit(self._world, _chat_id(request), message_id, asked)))

    async def delete(self, request: Request) -> Response:
        people.delete(self._world, _chat_id(request), request.path_params["message_id"])
        return reading.answer({"ok": True})

    async def react(self, request: Request) -> Response:
        async with _asked(request) as asked:
            message_id = request.path_params["message_id"]
            update_id = people.react(self._world, _chat_id(request), message_id, asked)
            return reading.answer({"update_id": update_id})

    async def tap(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(people.tap(self._world, _chat_id(request), asked))

    async def press(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(_written(*await people.press(self._world, _chat_id(request), asked)))

    async def block(self, request: Request) -> Response:
        return reading.answer({"update_id": people.block(self._world, _chat_id(request), blocked=True)})

    async def unblock(self, request: Request) -> Response:
        return reading.answer({"update_id": people.block(self._world, _chat_id(request), blocked=False)})

    async def kick(self, request: Request) -> Response:
        return reading.answer(groups.remove_bot(self._world, _chat_id(request)))

    async def migrate(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(groups.migrate(self._world, _chat_id(request), asked.integer("new_id")))

    async def file(self, request: Request) -> Response:
        stored = self._world.files.by_id(request.path_params["file_id"])
        if stored is None:
            raise Misused(404, "no such file")
        kind = "inline" if stored.mime.partition("/")[0] in ("image", "audio", "video") else "attachment"
        return FileResponse(stored.path, media_type=stored.mime, filename=stored.name, content_disposition_type=kind)

    # The queue of updates

    async def inject(self, request: Request) -> Response:
        try:
            raw = json.loads(await request.body())
        except ValueError:
            raise Misused(400, "an update must be JSON (of any shape)") from None
        as_is = request.query_params.get("as_is", "") not in ("", "0", "false")
        return reading.answer({"update_id": self._world.updates.inject(raw, as_is=as_is)})

    async def duplicate(self, request: Request) -> Response:
        async with _asked(request) as asked:
            if not self._world.updates.repeat(asked.integer("update_id") or 0):
                raise Misused(404, "there never was an update with this update_id")
            return reading.answer({"ok": True})

    async def expire(self, request: Request) -> Response:
        """Pending updates (all, by `update_ids`, by `kind`) and with `taps` the right to answer them."""
        async with _asked(request) as asked:
            gone = self._world.updates.expire(asked.structure("update_ids"), asked.text("kind"))
            for chat in self._world.chats.values():
                for tap in chat.taps:
                    tap.expired = tap.expired or asked.flag("taps") or tap.update_id in gone
            return reading.answer({"expired": gone})

    # What the bot did, and what shall go wrong

    async def calls(self, request: Request) -> Response:
        async with _asked(request) as asked:
            found = self._calls.since(asked.integer("since") or 0, asked.text("method"), asked.integer("chat_id"))
            return reading.answer(found)

    async def faults(self, request: Request) -> Response:
        return reading.answer(self._faults.described())

    async def add_fault(self, request: Request) -> Response:
        async with _asked(request) as asked:
            return reading.answer(self._faults.add(asked).described())

    async def clear_faults(self, request: Request) -> Response:
        self._faults.clear()
        return reading.answer({"ok": True})

    async def limit(self, request: Request) -> Response:
        """What is missing stays; null switches a limit off."""
        async with _asked(request) as asked:
            if unknown := sorted(set(asked.values) - set(Limits.__slots__)):
                raise Misused(400, f"unknown limits {unknown}; known are {list(Limits.__slots__)}")
            limits = self._flood.limits
            for name, value in asked.values.items():
                if name == "chat_rate":
                    limits.chat_rate = asked.number(name) or limits.chat_rate
                elif value is None:
                    setattr(limits, name, None)
                elif (number := asked.integer(name)) is not None and number > 0:
                    setattr(limits, name, number)
                else:
                    raise Misused(400, f"{name} must be a positive number or null")
            return reading.answer(self._flood.described())

    async def state(self, request: Request) -> Response:
        world, updates = self._world, self._world.updates
        age = None if updates.last_poll is None else world.clock.monotonic() - updates.last_poll
        pending = updates.pending()
        return reading.answer(
            {
                "pending_updates": len(pending),
                "pending_update_ids": [update.update_id for update in pending],
                "allowed_updates": None if updates.allowed is None else list(updates.allowed),
                "last_poll_age": age,
                "conflicts": updates.conflicts,
                "expired_updates": updates.expired,
                "webhook": self._webhook.info(),
                "calls": self._calls.count(),
                "chats": len(world.chats),
                "files": len(world.files),
                "faults": len(self._faults.described()),
                "settings": world.settings,
                **self._flood.described(),
            }
        )

    async def reset(self, request: Request) -> Response:
        """Everything is as new, but update ids and numbers of calls go on."""
        self._webhook.remove(drop=True)
        self._world.updates.allowed = None
        self._world.chats.clear()
        self._world.users.clear()
        self._world.settings.clear()
        self._world.files.clear()
        self._flood.clear()
        self._faults.clear()
        self._calls.clear()
        self._world.changes.note("reset")
        return reading.answer({"ok": True})

    async def stream(self, request: Request) -> Response:
        """Server-sent events: one `data:` line per change, a comment when nothing happens."""

        async def lines() -> AsyncIterator[str]:
            with self._world.changes.listened() as changes:
                yield ": listening\n\n"
                while True:
                    try:
                        change = await asyncio.wait_for(changes.get(), _HEARTBEAT_SECONDS)
                    except TimeoutError:
                        yield ": still here\n\n"
                        continue
                    yield f"data: {json.dumps(change)}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


def _chat_id(request: Request) -> int:
    written = str(request.path_params["chat_id"])
    if not written.removeprefix("-").isdigit():
        raise Misused(404, f"{written!r} is not the id of a chat")
    return int(written)
