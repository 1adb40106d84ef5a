"""Files on local disk in the shape in which they are handed to Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from telegram import (
    InputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    MessageEntity,
)

from adapters.telegram.outgoing import HEAD, Form, Item
from connector.ports import Unavailable

T = TypeVar("T")

_Media = InputMediaPhoto | InputMediaVideo | InputMediaAudio | InputMediaDocument


async def _local(act: Callable[[Path], T], path: Path) -> T:
    """What is done with a file on disk, off the event loop. Raises Unavailable: nothing of it was sent."""
    try:
        return await asyncio.to_thread(act, path)
    except OSError as error:
        raise Unavailable(f"a file to be sent: {type(error).__name__}", surely_not_done=True) from None


async def looked_at(path: Path) -> tuple[int, bytes]:
    """Size and first bytes of a file. Raises Unavailable."""

    def look(path: Path) -> tuple[int, bytes]:
        with path.open("rb") as handle:
            return path.stat().st_size, handle.read(HEAD)

    return await _local(look, path)


# https://core.telegram.org/bots/api#inputfile
async def content_of(handles: ExitStack, item: Item, *, attach: bool) -> str | InputFile:
    """A file_id, or an open file that is read piece by piece while it is sent."""
    if item.path is None:
        return item.file_id or ""
    handle = handles.enter_context(await _local(lambda path: path.open("rb"), item.path))
    return InputFile(handle, filename=item.name, attach=attach, read_file_handle=False)


# https://core.telegram.org/bots/api#inputmedia
def medium(item: Item, content: str | InputFile, caption: str | None, entities: tuple[MessageEntity, ...]) -> _Media:
    kinds: dict[Form, type[_Media]] = {
        Form.PHOTO: InputMediaPhoto,
        Form.VIDEO: InputMediaVideo,
        Form.AUDIO: InputMediaAudio,
        Form.DOCUMENT: InputMediaDocument,
    }
    return kinds[item.form](media=content, caption=caption, caption_entities=entities or None)
