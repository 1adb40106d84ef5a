"""Fixtures for the tests of the Telegram stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from tests.sandbox.telegram.stand import Stand, standing


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as made:
        yield made


@pytest.fixture
async def opened(stand: Stand) -> Stand:
    """Anna has written; her message has number 1 and was polled."""
    await stand.writes("/start")
    got = await stand.updates()
    await stand.updates(offset=got[-1]["update_id"] + 1)
    return stand


@pytest.fixture
async def bot(opened: Stand) -> AsyncIterator[Bot]:
    async with opened.bot() as made:
        yield made
