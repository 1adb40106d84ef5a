"""The adapters in memory keep the promises of the ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.memory import BoardWorld, ChatWorld, MemoryBoard, MemoryChat, Script
from adapters.memory.board_world import Card
from adapters.memory.chat import PORT as CHAT_PORT
from connector.domain.effects import Spot
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind
from connector.ports import Unavailable
from tests.adapters.contracts.blocks import BlockContract
from tests.adapters.contracts.cards import CardContract
from tests.adapters.contracts.chat import ChatContract
from tests.adapters.contracts.comments import CommentContract
from tests.adapters.contracts.comparing import ComparedContract
from tests.adapters.contracts.redacting import RedactContract
from tests.adapters.contracts.telling import TellingContract


def _now() -> datetime:
    return datetime(2030, 1, 1, 12, tzinfo=UTC)


def _file_elsewhere(name: str) -> File:
    return File(ref=Ref(port="elsewhere", id=name), kind=FileKind.DOCUMENT, name=name, size=7)


class _Folder:
    """A spool whose files all lie there already."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_bytes(b"content")

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        yield self._path


class _MemoryChatStand:
    def __init__(self, folder: Path) -> None:
        self.world = ChatWorld(_now)
        self.weather = Script()
        self._spool = _Folder(folder / "file")
        self.chat = self.reborn()
        self.room = Ref(port=CHAT_PORT, id="1")

    def reborn(self) -> MemoryChat:
        return MemoryChat(self.world, weather=self.weather, spool=self._spool, poll_seconds=0.001)

    async def write(self, text: str) -> None:
        self._last = self.world.write("1", text)

    async def rewrite(self, text: str) -> None:
        self.world.edit(self._last, text)

    async def answer(self, text: str) -> None:
        latest = [message for message in self.world.shown("1") if message.order is not None][-1]
        self._last = self.world.write("1", text, reply_to=latest.id)

    async def write_in_group(self, title: str, text: str) -> None:
        self._last = self.world.write("-5", text, group=title)

    async def offered(self, language: str | None) -> list[tuple[str, str]]:
        return list(self.world.commands.get(language, self.world.commands[None]))

    async def send_picture(self, content: bytes) -> None:
        self.world.contents["picture"] = content
        picture = File(ref=Ref(port=CHAT_PORT, id="picture"), kind=FileKind.PHOTO, name="photo.jpg", size=len(content))
        self.world.write("1", files=(picture,))

    async def tap(self, data: str) -> None:
        message = next(
            each for each in self.world.shown("1") if any(data == b.data for row in each.buttons for b in row)
        )
        self.world.tap(message, data)

    async def block(self) -> None:
        self.world.block("1")

    async def let_in(self) -> None:
        self.world.let_in("1")

    async def shown(self) -> list[str]:
        return [message.text for message in self.world.shown("1") if message.order is not None]

    async def marks(self) -> list[str]:
        return [message.mark for message in self.world.shown("1") if message.mark is not None]

    async def lose_next_answer(self) -> None:
        self.weather.lose_answer("chat.")

    async def refuse_next(self, seconds: int) -> None:
        self.weather.refuse("chat.", Unavailable("too many", retry_after=seconds, surely_not_done=True))

    def file(self, name: str) -> File:
        return _file_elsewhere(name)


class _MemoryBoardStand:
    spot = Spot(board="b1", column="inbox", lane="l1")
    work = Spot(board="b1", column="doing", lane="l2")
    other = Spot(board="b2", column="inbox", lane="l3")
    fields = ("f1", "f2")
    people = (("anna", "anna"), ("igor", "igor"))

    def __init__(self, folder: Path) -> None:
        self.world = BoardWorld(_now)
        self.weather = Script()
        self._spool = _Folder(folder / "file")
        self.board = self.reborn()

    def reborn(self) -> MemoryBoard:
        return MemoryBoard(self.world, weather=self.weather, spool=self._spool, poll_seconds=0.001)

    def _card(self, ref: Ref) -> Card:
        return self.world.cards[int(ref.id)]

    async def external_ids(self) -> list[str]:
        return [card.external_id for card in self.world.cards.values()]

    async def comments(self, card: Ref) -> list[str]:
        return [comment.raw for comment in self._card(card).comments if not comment.deleted]

    async def files(self, card: Ref) -> list[str]:
        found = self._card(card)
        return [file.name for file in found.files] + [file.name for each in found.comments for file in each.files]

    async def tags(self, card: Ref) -> list[str]:
        return self._card(card).tags

    async def parents(self, card: Ref) -> list[str]:
        return sorted(self._card(card).parents)

    async def entrust(self, card: Ref) -> None:
        self._card(card).service_desk = True

    async def slas(self, card: Ref) -> list[str]:
        return self._card(card).slas

    async def field(self, card: Ref, field: str) -> object:
        return self._card(card).fields.get(field)

    async def column(self, card: Ref) -> str:
        return self._card(card).column

    async def place(self, card: Ref) -> Spot:
        found = self._card(card)
        return Spot(board=found.board, column=found.column, lane=found.lane)

    async def due(self, card: Ref) -> datetime | None:
        return self._card(card).due_at

    async def title(self, card: Ref) -> str:
        return self._card(card).title

    async def description(self, card: Ref) -> str | None:
        return self._card(card).description

    async def describe(self, card: Ref, text: str | None) -> None:
        self.world.describe(self._card(card), text or "")

    async def holders(self, card: Ref) -> list[str]:
        responsible = self._card(card).responsible
        return [] if responsible is None else [responsible]

    async def hand(self, card: Ref, user: str) -> None:
        self.world.assign(self._card(card), user)

    async def hidden(self, card: Ref) -> list[bool]:
        return [comment.internal for comment in self._card(card).comments if not comment.deleted]

    async def comment(self, card: Ref, text: str, *, internal: bool = False, ours: bool = False) -> None:
        author = self.world.account if ours else "agent"
        self._last = self.world.comment(self._card(card), text, author=author, internal=internal)

    async def rewrite_comment(self, card: Ref, text: str) -> None:
        self.world.rewrite(self._last, text)

    async def remove_comment(self, card: Ref) -> None:
        self.world.remove(self._last)

    async def move(self, card: Ref) -> None:
        self.world.move(self._card(card), column="doing")

    async def archive(self, card: Ref) -> None:
        self.world.archive(self._card(card))

    async def destroy(self, card: Ref) -> None:
        self.world.archive(self._card(card))  # this world takes no words for a card that was put away

    async def make(self, title: str) -> Ref:
        number = self.world.number()
        card = Card(
            id=number, external_id="", title=title, description="", board="b1", column="inbox", lane="l1", at=_now()
        )
        self.world.open(card)
        return Ref(port=self.board.name, id=str(number))

    async def lose_comment(self, card: Ref, number: int) -> None:
        found = [comment for comment in self._card(card).comments if not comment.deleted]
        self._card(card).comments.remove(found[number])

    async def lose_file(self, card: Ref, name: str) -> None:
        found = self._card(card)
        for files in (found.files, *(each.files for each in found.comments)):
            files[:] = [file for file in files if file.name != name]

    async def lose_next_answer(self) -> None:
        self.weather.lose_answer("board.")

    async def lose_next_change(self) -> None:
        self.weather.lose_answer("board.edit")

    async def refuse_next(self, seconds: int) -> None:
        self.weather.refuse("board.", Unavailable("too many", retry_after=seconds, surely_not_done=True))

    def file(self, name: str) -> File:
        return _file_elsewhere(name)


class TestMemoryChat(ChatContract):
    @pytest.fixture
    def stand(self, tmp_path: Path) -> _MemoryChatStand:
        return _MemoryChatStand(tmp_path)


@pytest.fixture
def stand(tmp_path: Path) -> _MemoryBoardStand:
    return _MemoryBoardStand(tmp_path)


class TestMemoryCards(CardContract):
    """The promises of cards."""


class TestMemoryComments(CommentContract):
    """The promises of our words on them."""


class TestMemoryBlocks(BlockContract):
    """The promises of the block of earlier requests."""


class TestMemoryRedacting(RedactContract):
    """The promises of forgetting somebody."""


class TestMemoryTelling(TellingContract):
    """The promises of what is told of cards."""


class TestMemoryCompared(ComparedContract):
    """The promises of looking at cards for comparison."""


async def test_a_hostile_update_is_kept_aside_and_the_others_flow_on() -> None:
    world = ChatWorld(_now)
    chat = MemoryChat(world, poll_seconds=0.001)
    world.send_hostile("1", "\ud800")
    world.write("1", "Привет")
    batch = await chat.read(None)
    assert [arrival.event is None for arrival in batch.arrivals] == [True, False]
    assert batch.arrivals[0].raw.isascii()


async def test_a_webhook_wakes_a_read_that_waits() -> None:
    world = BoardWorld(_now)
    board = MemoryBoard(world, poll_seconds=3600.0)
    reading = asyncio.ensure_future(board.read(None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    board.hint()
    async with asyncio.timeout(1):
        assert (await reading).arrivals == ()
