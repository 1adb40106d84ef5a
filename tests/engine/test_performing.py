"""Whose trouble it is when an order cannot be carried out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector.domain.effects import Effect, SendMessage
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref
from connector.domain.words import File, FileKind
from connector.engine.performing import TROUBLED, Performer
from connector.engine.pulse import Pulse
from connector.engine.spool import DiskSpool
from connector.ports import Order, Unavailable, WrongToken
from connector.store.database import open_database
from tests.store.shelf import Shelf, send

FILE = File(ref=Ref(port="kaiten", id="1"), kind=FileKind.DOCUMENT, name="a.txt")


def _no_policy() -> Policy:
    raise AssertionError("messages need no placing")


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_side_is_in_trouble_by_its_own_failures_only(tmp_path: Path, elsewhere: bool) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'performing.db'}")
    shelf = Shelf(database.engine, now=time.time())
    pulse = Pulse(holder="test")
    tried: set[Key] = set()

    async def perform(order: Order[Effect]) -> tuple[Ref, ...]:
        assert isinstance(order.effect, SendMessage)
        tried.add(order.key)
        if len(tried) == TROUBLED:
            pulse.stop()
        raise Unavailable("away", surely_not_done=True, elsewhere=elsewhere)

    try:
        for number in range(TROUBLED):
            shelf.order(send(f"m{number}", chat=str(number)), chat=str(number))
        performer = Performer(database, pulse, "chat", perform, policy=_no_policy, capacity=TROUBLED, lease=20.0)
        await asyncio.wait_for(performer.run(), 10)
    finally:
        database.close()
    assert len(tried) == TROUBLED
    assert pulse.sides["chat"].failures == (0 if elsewhere else TROUBLED)


@pytest.mark.parametrize(
    "trouble", [Unavailable("away", retry_after=3.0), Unavailable("away", surely_not_done=True), WrongToken("k", "no")]
)
async def test_a_file_that_cannot_be_fetched_is_the_trouble_of_where_it_comes_from(
    tmp_path: Path, trouble: Unavailable | WrongToken
) -> None:
    async def fetch(ref: Ref) -> AsyncIterator[bytes]:
        yield b"half"
        raise trouble

    spool = DiskSpool(tmp_path / "spool")
    spool.serve({"kaiten": fetch})
    with pytest.raises(Unavailable) as told:
        async with spool.open(FILE):
            raise AssertionError("half a file was handed on")
    assert told.value.elsewhere
    assert told.value.retry_after == getattr(trouble, "retry_after", None)
    assert list((tmp_path / "spool").iterdir()) == []
