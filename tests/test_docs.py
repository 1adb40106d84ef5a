"""What the documentation names is there: files, links, commands with their options, settings, make targets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cli import app
from connector.settings import PREFIX, Settings, variables
from tests.process.company import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
ROOMS = (ROOT, ROOT / "connector", ROOT / "connector" / "domain")
"""Where a name may be meant from: ARCHITECTURE.md speaks of `engine/reading` and `decide/agenda`."""

_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.M | re.S)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*")
_COMMAND = re.compile(r"(?:^|[\s(])connector(?! connector)((?: [a-z][a-z-]*)*)((?: [^|;&#)]*)?)")


def _spans(text: str) -> Iterator[str]:
    """Whatever is written as code: between backticks, and line by line in fenced blocks."""
    yield from _SPAN.findall(_FENCE.sub("", text))
    for block in _FENCE.findall(text):
        yield from block.splitlines()


def missing_paths(text: str) -> list[str]:
    """Paths of this repository that the text names as code and that are not there."""
    found = []
    for span in _SPAN.findall(_FENCE.sub("", text)):
        if not _PATH.fullmatch(span):
            continue
        known = {each.name for room in ROOMS for each in room.iterdir()}
        if span.partition("/")[0] in known and not any(
            (room / f"{span.rstrip('/')}{ending}").exists() for room in ROOMS for ending in ("", ".py")
        ):
            found.append(span)
    return found


def broken_links(document: Path, text: str) -> list[str]:
    """Links to files that are not there, or to headings that the file does not have."""
    found = []
    for link in _LINK.findall(text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, heading = link.partition("#")
        file = (document.parent / name) if name else document
        if not file.exists() or (heading and heading not in _headings(file.read_text(encoding="utf-8"))):
            found.append(link)
    return found


def _headings(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def wrong_commands(text: str) -> list[str]:
    """Commands of `connector`, and options of theirs, that the text shows and that are not there."""
    top = typer.main.get_command(app)
    found = []
    for span in _spans(text):
        for words, rest in _COMMAND.findall(span):
            command = top
            for word in words.split():
                if not isinstance(command, TyperGroup):
                    break
                inner = command.commands.get(word)
                if inner is None:
                    if command is top:
                        found.append(f"connector {word}")
                    break
                command = inner
            options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
            if command is not top:
                found += [
                    f"{command.name} {each}" for each in re.findall(r"--[a-z][a-z-]+", rest) if each not in options
                ]
    return found


def wrong_settings(text: str) -> list[str]:
    """Variables of the environment that no setting is read from."""
    known = set(variables(Settings)) | {f"{PREFIX}CONFIG"}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", text))
    return sorted(each for each in named if each.removesuffix("_FILE") not in known)


def wrong_targets(text: str) -> list[str]:
    """Targets of make that the Makefile does not have."""
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {each for span in _spans(text) for each in re.findall(r"^(?:\$ )?make ([a-z]+)\b", span)}
    return sorted(named - known)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert missing_paths(text) == []
    assert broken_links(document, text) == []
    assert wrong_commands(text) == []
    assert wrong_settings(text) == []
    assert wrong_targets(text) == []


def test_every_room_of_the_decision_is_told_of_and_no_other() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.partition("## The rooms of the decision")[2].partition("\n## ")[0]
    rooms = {file.stem for file in (ROOT / "connector/domain/decide").glob("*.py")} - {"__init__"}
    assert {each for each in _SPAN.findall(section) if "/" not in each} == rooms


def test_each_kind_of_mistake_is_found() -> None:
    assert missing_paths("`connector/nowhere.py` and `engine/nothing` and `docs/sla.md` and `engine/reading`") == [
        "connector/nowhere.py", "engine/nothing",
    ]  # fmt: skip
    page = ROOT / "README.md"
    assert broken_links(page, "[a](docs/none.md) [b](docs/sla.md) [c](#no-such-heading) [d](https://x)") == [
        "docs/none.md", "#no-such-heading",
    ]  # fmt: skip
    assert wrong_commands("`connector fly`, `connector run --fast`, `connector queue list --json`") == [
        "connector fly", "run --fast",
    ]  # fmt: skip
    assert wrong_commands("```sh\nconnector sla explain 12 --sideways\n```\n") == ["explain --sideways"]
    assert wrong_settings("CONNECTOR_BOARD__TOKEN_FILE CONNECTOR_BORED__TOKEN") == ["CONNECTOR_BORED__TOKEN"]
    assert wrong_targets("`make check` and `make coffee`") == ["coffee"]
