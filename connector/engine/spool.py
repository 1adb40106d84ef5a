"""Files on their way from one tool to the other rest on disk for a moment, never in memory."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.domain.words import File
from connector.ports import Rejected, Unavailable, WrongToken

Fetch = Callable[[Ref], AsyncIterator[bytes]]

LOCAL = "local"
"""The port of files that lie on this machine: pictures the mapping names."""


class DiskSpool:
    """Holds files under `folder` (emptied at start); `sources` tells for each port how its files are fetched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, Fetch] = {}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)

    def serve(self, sources: Mapping[str, Fetch]) -> None:
        """Where the files of each port come from; told once the adapters exist."""
        self._sources.update(sources)

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        """See `connector.ports.Spool.open`."""
        if file.ref.port == LOCAL:
            path = Path(file.ref.id)
            if not path.is_file():
                raise Rejected(f"the file {path} named in the mapping is not there")
            yield path
            return
        fetch = self._sources.get(file.ref.port)
        if fetch is None:
            raise Rejected(f"nothing here can fetch a file of {file.ref.port!r}", Refusal.INVALID)
        path = Path(tempfile.mkstemp(dir=self._folder)[1])
        try:
            try:
                with path.open("wb") as sink:
                    async for chunk in fetch(file.ref):
                        await asyncio.to_thread(sink.write, chunk)
            except Unavailable as away:
                raise Unavailable(
                    away.reason, retry_after=away.retry_after, surely_not_done=away.surely_not_done, elsewhere=True
                ) from away
            except WrongToken as refused:
                raise Unavailable(str(refused), surely_not_done=True, elsewhere=True) from refused
            yield path
        finally:
            path.unlink(missing_ok=True)
