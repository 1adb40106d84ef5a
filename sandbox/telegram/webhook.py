"""Delivers updates to the address a bot has set, one chat's updates strictly after one another.

https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from sandbox.telegram.clock import Clock
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.updates import Pending, UpdateQueue

_PORTS = (443, 80, 88, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_WAIT = 60.0
_LONGEST_ASKED_WAIT = 3600.0
_GONE_FOR = 23 * 3600


class Webhook:
    """Retries wait 1, 2, 4 … 60 seconds or what `Retry-After` says, until the update is too old."""

    def __init__(
        self, clock: Clock, updates: UpdateQueue, transport: httpx.AsyncBaseTransport | None, first_wait: float
    ) -> None:
        self._clock = clock
        self._updates = updates
        self._transport = transport
        self._first_wait = first_wait
        self._lines: dict[int, asyncio.Task[None]] = {}
        self._gone_since: float | None = None
        self._slots = asyncio.Semaphore(40)
        self._secret: str | None = None
        self.url = ""
        self.max_connections = 40
        self.last_error: tuple[int, str] | None = None
        updates.on_arrival = self._arrived

    def set(self, parameters: Parameters) -> None:
        """Raises 400 for an address Telegram would not call. Plain HTTP and any port are let through on loopback."""
        url = parameters.text("url") or ""
        secret = parameters.text("secret_token") or None
        connections = parameters.integer("max_connections") or 40
        if not url:
            self.remove(drop=parameters.flag("drop_pending_updates"))
            return
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (local and parts.scheme == "http"):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if not local and (parts.port or 443) not in _PORTS:
            raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if secret is not None and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        self._stop_lines()
        self.url, self._secret = url, secret
        self.max_connections = max(1, min(connections, 100))
        self._slots = asyncio.Semaphore(self.max_connections)
        self.last_error = self._gone_since = None
        self._updates.webhook_active = True
        self._updates.interrupt()
        if parameters.flag("drop_pending_updates"):
            self._updates.clear()
        for update in self._updates.pending():
            self._arrived(update)

    def remove(self, *, drop: bool) -> None:
        self._stop_lines()
        self.url = ""
        self._updates.webhook_active = False
        if drop:
            self._updates.clear()

    def info(self) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#webhookinfo"""
        shown: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending()),
        }
        if self.url:
            shown["max_connections"] = self.max_connections
        if self.last_error is not None:
            shown["last_error_date"], shown["last_error_message"] = self.last_error
        if self._updates.allowed is not None:
            shown["allowed_updates"] = list(self._updates.allowed)
        return shown

    def _stop_lines(self) -> None:
        for line in self._lines.values():
            line.cancel()
        self._lines.clear()

    def _arrived(self, update: Pending) -> None:
        if self.url and update.chat_id not in self._lines:
            self._lines[update.chat_id] = asyncio.create_task(self._deliver(update.chat_id))

    def _next(self, chat_id: int) -> Pending | None:
        return next((u for u in self._updates.pending() if u.chat_id == chat_id), None)

    async def _deliver(self, chat_id: int) -> None:
        wait = self._first_wait
        headers = {} if self._secret is None else {"X-Telegram-Bot-Api-Secret-Token": self._secret}
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=60, trust_env=False) as client:
                while (update := self._next(chat_id)) is not None:
                    async with self._slots:
                        asked = await self._post(client, headers, update)
                    if asked is None:
                        self._updates.delivered(update)
                        wait = self._first_wait
                        continue
                    if not self.url:
                        return
                    await self._clock.sleep(max(wait, asked))
                    wait = min(wait * 2, _LONGEST_WAIT)
                self._ended(chat_id)  # not after the connection is closed: what arrives meanwhile needs a line
        finally:
            self._ended(chat_id)

    def _ended(self, chat_id: int) -> None:
        if self._lines.get(chat_id) is asyncio.current_task():
            del self._lines[chat_id]

    async def _post(self, client: httpx.AsyncClient, headers: dict[str, str], update: Pending) -> float | None:
        """None once it was taken, else the seconds the receiver asked for (0 when it did not ask)."""
        try:
            answer = await client.post(self.url, json=update.payload, headers=headers)
        except httpx.HTTPError as trouble:
            self._note(f"{type(trouble).__name__}: {trouble}")
            return 0.0
        if answer.is_success:
            self._gone_since = None
            return None
        self._note(f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}")
        now = self._clock.monotonic()
        if answer.status_code == 410:
            self._gone_since = now if self._gone_since is None else self._gone_since
            if now - self._gone_since >= _GONE_FOR:
                self.url, self._updates.webhook_active = "", False
        else:
            self._gone_since = None
        asked = answer.headers.get("Retry-After", "")
        return min(float(asked), _LONGEST_ASKED_WAIT) if asked.isdigit() else 0.0

    def _note(self, error: str) -> None:
        self.last_error = (self._clock.unix(), error)
