"""An address of the company's own as the list of account ids."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import quote, urlsplit

import httpx

from adapters.registry.verdicts import PORT, Trouble, told
from connector.domain.effects import RegistryEffect, Verdict
from connector.domain.refs import Ref
from connector.ports import Order

_CABINET = "{cabinet}"
_KNOWN = (200, 204)
_UNKNOWN = (404, 410)


class HttpRegistry:
    """Asks `url` with the id in the place of `{cabinet}`: 200 or 204 is yes, 404 or 410 is no.

    Anything else (another status, a redirect, no answer within `timeout`) leaves the id unverified. `token` is sent as
    a bearer token. Raises ValueError for an address that cannot be asked.
    """

    def __init__(self, *, url: str, token: str | None = None, timeout: timedelta = timedelta(seconds=3)) -> None:
        try:
            address = urlsplit(url.strip())
            httpx.URL(url.strip().replace(_CABINET, "0"))
        except (ValueError, httpx.InvalidURL):
            raise ValueError("the address of the list of account ids is none") from None
        if address.scheme not in ("http", "https") or not address.hostname or _CABINET in address.netloc:
            raise ValueError(f"the address of the list of account ids must look like https://host/path/{_CABINET}")
        if _CABINET not in address.path + address.query:
            raise ValueError(f"the address of the list of account ids must name the place of the id: {_CABINET}")
        if token is not None and (not token or not token.isascii() or not token.isprintable() or " " in token):
            raise ValueError("the token of the list of account ids must be one word of printable ASCII characters")
        self._url = url.strip()
        self._timeout = timeout.total_seconds()
        self._trouble = Trouble(f"the list of account ids at {address.hostname}")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=self._timeout, follow_redirects=False)

    @property
    def name(self) -> str:
        """The `port` of every ref this adapter makes."""
        return PORT

    async def perform(self, order: Order[RegistryEffect]) -> tuple[Ref, ...]:
        """Looks the account id up. Raises nothing."""
        cabinet = order.effect.cabinet.strip()
        if not cabinet.strip("."):
            # In a path it would mean another address.
            return told(Verdict.UNVERIFIED)
        try:
            # The whole exchange, not each step of it: a client waits.
            async with asyncio.timeout(self._timeout):
                status = await self._status(self._url.replace(_CABINET, quote(cabinet, safe="", errors="replace")))
        except (TimeoutError, httpx.TimeoutException):
            self._trouble.met(f"no answer within {self._timeout:g} s")
            return told(Verdict.UNVERIFIED)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Its own words may hold the address.
            self._trouble.met(f"it cannot be reached ({type(error).__name__})")
            return told(Verdict.UNVERIFIED)
        if status not in _KNOWN + _UNKNOWN:
            self._trouble.met(f"it answered {status}")
            return told(Verdict.UNVERIFIED)
        self._trouble.over()
        return told(Verdict.KNOWN if status in _KNOWN else Verdict.UNKNOWN)

    async def _status(self, url: str) -> int:
        """The status alone: what the answer says besides is not read."""
        async with self._client.stream("GET", url) as answer:
            return answer.status_code

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()
