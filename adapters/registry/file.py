"""A file as the list of account ids, read again whenever it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.registry.verdicts import PORT, Trouble, told
from connector.domain.effects import RegistryEffect, Verdict
from connector.domain.refs import Ref
from connector.ports import Order


class FileRegistry:
    """Ids of a file, compared without the blanks around them. `read` makes them of it, and raises OSError or ValueError
    where it cannot: then nothing is verified until it can be read again.
    """

    def __init__(self, *, path: Path, read: Callable[[Path], frozenset[str]]) -> None:
        self._path = path
        self._read = read
        self._ids: frozenset[str] = frozenset()
        self._seen: tuple[int, int] | None = None
        self._trouble = Trouble(f"the list of account ids {path}")
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """The `port` of every ref this adapter makes."""
        return PORT

    async def perform(self, order: Order[RegistryEffect]) -> tuple[Ref, ...]:
        """Looks the account id up. Raises nothing."""
        async with self._turn:
            try:
                # A long list takes a while, and others are served meanwhile.
                await asyncio.to_thread(self._refresh)
            except (OSError, ValueError) as error:
                self._seen = None
                self._trouble.met("there is no such file" if isinstance(error, FileNotFoundError) else str(error))
                return told(Verdict.UNVERIFIED)
            self._trouble.over()
            known = order.effect.cabinet.strip() in self._ids
        return told(Verdict.KNOWN if known else Verdict.UNKNOWN)

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _refresh(self) -> None:
        """Reads the file if it is another than last time. Raises OSError, ValueError."""
        state = self._path.stat()
        seen = (state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            self._ids = self._read(self._path)
            self._seen = seen
