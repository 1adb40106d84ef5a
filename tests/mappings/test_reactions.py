"""The reactions a mapping may name, held against those the Telegram library knows."""

from __future__ import annotations

import pytest
from telegram.constants import ReactionEmoji

from connector.domain.policy import Marks
from mappings.reactions import REACTIONS, reaction_of
from tests.mappings.boards import ROOT


def test_they_are_the_ones_telegram_allows() -> None:
    assert sorted(REACTIONS) == sorted(ReactionEmoji)


def test_the_reference_names_them_all() -> None:
    page = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
    assert set(REACTIONS) <= set(page.split())


def test_the_defaults_are_allowed() -> None:
    marks = Marks()
    assert all(reaction_of(mark or "") == mark for mark in (marks.stored, marks.on_card, marks.answered, marks.failed))


@pytest.mark.parametrize("reaction", REACTIONS)
def test_how_an_editor_writes_one_does_not_matter(reaction: str) -> None:
    bare = reaction.replace("\ufe0f", "")
    assert reaction_of(bare) == reaction_of(f" {bare}\ufe0f ") == reaction


@pytest.mark.parametrize("text", ["", "✅", "none", "👀👀", "👍🏽", "eyes"])
def test_anything_else_is_none(text: str) -> None:
    assert reaction_of(text) is None
