"""The reference page, held against what the mapping really knows."""

from __future__ import annotations

import re

import pytest

from mappings import json_schema
from mappings.check import WARNINGS
from tests.mappings.boards import ROOT

PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
SOURCES = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "mappings").glob("*.py")))


def keys() -> list[str]:
    schema = json_schema()
    return sorted({name for part in (schema, *schema["$defs"].values()) for name in part["properties"]})


def codes() -> list[str]:
    named = re.findall(r'code="([a-z-]+)"', SOURCES)
    chosen = re.findall(r'code="([a-z-]+)" if .* else "([a-z-]+)"', SOURCES)
    noted = re.findall(r'self\.note\([^"]*?"([a-z-]+)"', SOURCES)
    return sorted({*named, *noted, *(code for pair in chosen for code in pair)})


@pytest.mark.parametrize("key", keys())
def test_every_key_stands_in_the_reference(key: str) -> None:
    assert re.search(rf"\b{key}\b", PAGE)


@pytest.mark.parametrize("code", codes())
def test_every_code_stands_in_the_reference(code: str) -> None:
    assert f"`{code}`" in PAGE or code.startswith(("unknown-", "ambiguous-"))


def test_every_warning_that_can_be_silenced_exists() -> None:
    assert set(WARNINGS) <= set(codes())


def test_codes_are_found_at_all() -> None:
    assert {"yaml", "tag-typo", "new-tag", "unknown-key", "picture"} <= set(codes())
