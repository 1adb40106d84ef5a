"""What an agent attaches to a comment in Kaiten, by either route, and what it is when the client gets it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.kaiten import KaitenBoard
from connector.domain.effects import SendFiles, Urgency
from connector.domain.events import AgentCommented
from connector.domain.refs import Key, Ref
from connector.domain.words import File
from connector.ports import Batch
from tests.adapters.kaiten.test_orders import create
from tests.adapters.kaiten.test_orders import order as to_board
from tests.adapters.telegram.support import CHAT, Script, chat_on
from tests.adapters.telegram.support import order as to_chat

OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 28
VORBIS = b"OggS" + b"\0" * 24 + b"\x01vorbis" + b"\0" * 29
M4A = b"\0\0\0\x20ftypM4A " + b"\0" * 52
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 52
MP3 = b"ID3\x04" + b"\0" * 60
JPEG, GIF, PDF = b"\xff\xd8\xff\xe0" + b"\0" * 60, b"GIF89a" + b"\0" * 58, b"%PDF-1.7" + b"\0" * 56

KINDS = {
    "voice.ogg": (OPUS, "audio/ogg", "sendVoice"),
    "ответ.opus": (OPUS, None, "sendVoice"),
    "Новая запись 5.m4a": (M4A, "audio/mp4", "sendVoice"),
    "New Recording.m4a": (M4A, "audio/x-m4a", "sendVoice"),
    "AUD-20260131-WA0001.m4a": (M4A, "video/mp4", "sendVoice"),
    "голосовое.mp3": (MP3, "audio/mpeg", "sendVoice"),
    "Гимн.mp3": (MP3, "audio/mpeg", "sendAudio"),
    "Сюита.m4a": (M4A, "audio/mp4", "sendAudio"),
    "suite.ogg": (VORBIS, "audio/ogg", "sendDocument"),
    "запись.wav": (b"RIFF" + b"\0" * 60, "audio/wav", "sendDocument"),
    "фото.jpg": (JPEG, "image/jpeg", "sendPhoto"),
    "screen.mp4": (MP4, "video/mp4", "sendVideo"),
    "cat.gif": (GIF, "image/gif", "sendAnimation"),
    "акт.pdf": (PDF, "application/pdf", "sendDocument"),
}


class FetchingSpool:
    """Brings a file of the board to disk, as the engine does."""

    def __init__(self, board: KaitenBoard, folder: Path) -> None:
        self._board, self._folder = board, folder

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        path = self._folder / "file"
        path.write_bytes(b"".join([chunk async for chunk in self._board.fetch(file.ref)]))
        yield path


async def attached(kaiten: Any, board: KaitenBoard, card: Ref) -> tuple[File, ...]:
    """An agent comments with all these files; what the board tells of them."""
    batch: Batch = await board.read(None)
    files = [
        {"name": name, "base64": base64.b64encode(content).decode(), "mime": mime}
        for name, (content, mime, _) in KINDS.items()
    ]
    kaiten.say(int(card.id), "Вот", files=files)
    for _ in range(6):
        batch = await board.read(batch.cursor)
        for arrival in batch.arrivals:
            if isinstance(arrival.event, AgentCommented):
                return arrival.event.files
    raise AssertionError("the comment was not told")


@pytest.mark.parametrize("public", [True, False])
async def test_a_file_reaches_the_client_as_what_it_is_by_either_route(
    kaiten: Any, board: KaitenBoard, tmp_path: Path, public: bool
) -> None:
    kaiten.settings(legacy_files=public)
    (card,) = await board.perform(to_board(create(kaiten)))
    files = await attached(kaiten, board, card)
    script = Script()
    chat = chat_on(script, spool=FetchingSpool(board, tmp_path))  # type: ignore[arg-type]  # it brings files, and nothing else is asked of it
    sent = {}
    for file in files:
        effect = SendFiles(key=Key(file.name), ticket=None, chat=CHAT, files=(file,), urgency=Urgency.REPLY)
        await chat.perform(to_chat(effect))
        seen = script.seen[-1]
        part = next(value for value in seen.params.values() if isinstance(value, tuple))
        sent[file.name] = (part[1], seen.method)
    assert sent == {name: (content, method) for name, (content, _, method) in KINDS.items()}
