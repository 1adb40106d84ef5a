"""The client and the agent of the story, acting through the stand-ins' control APIs over HTTP."""

from __future__ import annotations

import httpx

from sandbox.demo import looks
from sandbox.demo.looks import Card, Said


class Client:
    """A person with a telephone. Raises httpx.HTTPStatusError when the stand-in does not let them act."""

    def __init__(
        self, http: httpx.AsyncClient, *, user_id: int, first_name: str, last_name: str, username: str
    ) -> None:
        """`http` has the address of the Telegram stand-in for its base."""
        self._http = http
        self._user = {
            "id": user_id, "first_name": first_name, "last_name": last_name, "username": username,
            "language_code": "ru",
        }  # fmt: skip
        self._chat = f"/sandbox/chats/{user_id}"
        self.name = first_name

    async def appear(self) -> None:
        await self._post("/sandbox/users", self._user)

    async def write(self, text: str) -> None:
        await self._post(f"{self._chat}/messages", {"text": text})

    async def send(self, kind: str, name: str, content: bytes, mime: str, **details: str) -> None:
        """A photo, a voice message or another file; `details` as the control API names them, like duration."""
        answer = await self._http.post(
            f"{self._chat}/messages", data={"kind": kind, **details}, files={"file": (name, content, mime)}
        )
        answer.raise_for_status()

    async def tap(self, label: str) -> None:
        await self._post(f"{self._chat}/taps", {"label": label})

    async def sees(self) -> tuple[Said, ...]:
        answer = await self._http.get(self._chat)
        answer.raise_for_status()
        return looks.chat(answer.json())

    async def _post(self, path: str, body: dict[str, object]) -> None:
        (await self._http.post(path, json=body)).raise_for_status()


class Agent:
    """A person at the board. Raises httpx.HTTPStatusError when the stand-in does not let them act."""

    def __init__(self, http: httpx.AsyncClient, *, user: str, name: str) -> None:
        """`http` has the address of the Kaiten stand-in for its base; `user` is a user's name there."""
        self._http = http
        self._user = user
        self.name = name

    async def comment(self, card: Card, text: str) -> None:
        await self._post(f"/sandbox/cards/{card.id}/comments", {"text": text})

    async def move(self, card: Card, column: str) -> None:
        await self._post(f"/sandbox/cards/{card.id}/move", {"column": column})

    async def sees(self) -> tuple[Card, ...]:
        answer = await self._http.get("/sandbox/board")
        answer.raise_for_status()
        return looks.cards(answer.json())

    async def _post(self, path: str, body: dict[str, object]) -> None:
        (await self._http.post(path, json={"user": self._user, **body})).raise_for_status()
