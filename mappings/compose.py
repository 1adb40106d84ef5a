"""YAML events put together into plain values, each path of which has its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from mappings.problems import Problem, Steps, looks_secret, shown

_DEEPEST = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_VALUES = 50_000

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something begins; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A document: `values` and `keys` tell where each value, and each key, begins.

    `value` is None, with problems, when the text is no YAML; an empty text is an empty mapping.
    """

    value: Value
    problems: tuple[Problem, ...]
    values: Mapping[Steps, Place] = field(default_factory=dict)
    keys: Mapping[Steps, Place] = field(default_factory=dict)


def compose(text: str, file: Path) -> Composed:
    """The first document in a text; `file` is only named in problems."""
    composer = _Composer(file)
    node = composer.compose(text)
    expansion = _Expansion(composer)
    value = None if node is None else expansion.expand(node, ())
    unusable = expansion.exhausted or (node is None and bool(composer.problems))
    if unusable or value is None:
        value = None if unusable else {}
    return Composed(
        value=value,
        problems=tuple(composer.problems),
        values={(): Place(line=1, column=1)} | expansion.values,
        keys=expansion.keys,
    )


_Content = str | int | float | bool | None


@dataclass(slots=True, kw_only=True)
class _Node:
    """What YAML calls a node: a scalar, a list of nodes, or pairs of a key (a scalar node) and a node."""

    place: Place
    scalar: _Content = None
    items: list[_Node] | None = None
    pairs: dict[str, tuple[Place, _Node]] | None = None
    finished: bool = True
    key: tuple[str, Place] | None = None
    """The key whose value is awaited, while a mapping is read."""
    keyed: bool = False


class _Composer:
    """Reads events rather than ruamel's own tree: every key keeps its place, and depth cannot exhaust the stack."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._anchors: dict[str, _Node] = {}
        self._skipped = 0

    def compose(self, text: str) -> _Node | None:
        """The root of the first document, or None when there is none or it cannot be read."""
        root: _Node | None = None
        stack: list[_Node] = []
        documents = 0
        try:
            for event in _events(text):
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents == 2:
                        self.note(_place(event), "yaml", "a second document (---)", "one document",
                                  "remove the line --- and what follows it")  # fmt: skip
                if documents != 1:
                    continue
                if isinstance(event, MappingEndEvent | SequenceEndEvent):
                    stack.pop().finished = True
                    continue
                node = self._node(event)
                if node is None:
                    continue
                if root is None:
                    root = node
                if stack:
                    self._put(stack[-1], node, event)
                if isinstance(event, MappingStartEvent | SequenceStartEvent):
                    stack.append(node)
                    if len(stack) > _DEEPEST:
                        self.note(node.place, "yaml", f"more than {_DEEPEST} levels", "a flatter document",
                                  "a bracket may be missing")  # fmt: skip
                        return None
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(line=mark.line + 1, column=mark.column + 1) if mark else Place(line=1, column=1)
            said = " ".join(str(part) for part in (error.context, error.problem) if part)
            self.note(place, "yaml", said or "unreadable YAML", "valid YAML", _yaml_remedy(said))
            return None
        except ReaderError as error:
            before = text[: error.position]
            place = Place(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
            self.note(place, "yaml", "a character that YAML does not allow", "valid YAML", "remove that character")
            return None
        except (YAMLError, ValueError, OverflowError) as error:
            self.note(Place(line=1, column=1), "yaml", f"unreadable YAML ({error})", "valid YAML",
                      "look for an escape such as \\U with an impossible number")  # fmt: skip
            return None
        return root

    def note(self, place: Place, code: str, found: str, expected: str, remedy: str, path: str = "") -> None:
        """Writes a problem down."""
        self.problems.append(
            Problem(
                code=code,
                file=self.file,
                line=place.line,
                column=place.column,
                path=path,
                found=found,
                expected=expected,
                remedy=remedy,
            )
        )

    def _node(self, event: Event) -> _Node | None:
        place = _place(event)
        match event:
            case AliasEvent():
                known = self._anchors.get(event.anchor)
                if known is None or not known.finished:
                    self.note(place, "yaml", f"the alias *{event.anchor}", "an anchor written before it",
                              f"write &{event.anchor} at the value that is meant")  # fmt: skip
                    return _Node(place=place)
                return known
            case MappingStartEvent():
                node = _Node(place=place, pairs={}, finished=False)
            case SequenceStartEvent():
                node = _Node(place=place, items=[], finished=False)
            case ScalarEvent():
                if _SURROGATE.search(event.value):
                    self.note(place, "yaml", "half a character (\\uD800 to \\uDFFF)", "whole characters",
                              "write the character itself")  # fmt: skip
                    event.value = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", event.value)
                node = _Node(place=place, scalar=self._scalar(event, place))
            case _:
                return None
        if event.tag is not None and not str(event.tag).startswith(("tag:yaml.org,2002:", "!!")):
            self.note(place, "yaml", f"the tag {event.tag}", "a plain value", "remove the tag")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: ScalarEvent, place: Place) -> _Content:
        if looks_secret(event.value):
            self.note(place, "secret", "what looks like a bot token", "no secrets in this file",
                      "keep tokens in the environment or a secrets file, and revoke this one")  # fmt: skip
        return _resolved(event.value) if event.implicit[0] and event.tag is None else str(event.value)

    def _put(self, parent: _Node, node: _Node, event: Event) -> None:
        place = _place(event)
        if parent.items is not None:
            parent.items.append(node)
        elif parent.pairs is not None and not parent.keyed:
            parent.keyed = True
            parent.key = self._key(parent.pairs, node, event, place)
        elif parent.pairs is not None:
            parent.keyed = False
            if parent.key is not None:
                key, at = parent.key
                if isinstance(event, ScalarEvent) and event.start_mark.index == event.end_mark.index:
                    node.place = at  # nothing was written: that is seen at the key
                parent.pairs[key] = (at, node)

    def _key(
        self, pairs: dict[str, tuple[Place, _Node]], node: _Node, event: Event, place: Place
    ) -> tuple[str, Place] | None:
        if not isinstance(event, ScalarEvent):
            self.note(place, "yaml", "a key that is not plain text", "a plain key",
                      "write a word before the colon")  # fmt: skip
            return None
        key = str(event.value)
        if key in pairs:
            self.note(place, "duplicate-key", f"the key {shown(key)} a second time", "each key once",
                      f"remove one of the two; the first is in line {pairs[key][0].line}")  # fmt: skip
            return None
        if key == "<<":
            self.note(place, "yaml", "a merge key (<<)", "keys written out", "write the keys where they belong")
            return None
        return key, place


class _Expansion:
    """Follows aliases, so that every path of the document has a value and a place."""

    def __init__(self, composer: _Composer) -> None:
        self.values: dict[Steps, Place] = {}
        self.keys: dict[Steps, Place] = {}
        self._composer = composer
        self._left = _MOST_VALUES
        self.exhausted = False
        """Whether a few aliases stand for more than anyone writes: then nothing of the document is used."""

    def expand(self, node: _Node, steps: Steps) -> Value:
        self._left -= 1
        if not self.exhausted and (self._left == 0 or len(steps) > _DEEPEST):
            self._left = 0
            self.exhausted = True
            self._composer.note(node.place, "yaml", "aliases that repeat too much", "a smaller document",
                                "write fewer aliases")  # fmt: skip
        if self.exhausted:
            return None
        self.values[steps] = node.place
        if node.items is not None:
            return [self.expand(item, (*steps, index)) for index, item in enumerate(node.items)]
        if node.pairs is not None:
            return {key: value for key, value in self._pairs(node.pairs, steps)}
        return node.scalar

    def _pairs(self, pairs: dict[str, tuple[Place, _Node]], steps: Steps) -> Iterator[tuple[str, Value]]:
        for key, (place, node) in pairs.items():
            self.keys[*steps, key] = place
            yield key, self.expand(node, (*steps, key))


def _events(text: str) -> Iterator[Event]:
    yield from YAML(typ="safe", pure=True).parse(text)


def _place(event: Event) -> Place:
    return Place(line=event.start_mark.line + 1, column=event.start_mark.column + 1)


# The core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), so that `no` and 09:00 stay text;
# a number with a leading zero stays text too: it is a name or an account id.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}", re.ASCII)


def _resolved(text: str) -> _Content:
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _yaml_remedy(said: str) -> str:
    if "\\t" in said:
        return "indent with spaces, never with tabs"
    if "mapping values are not allowed" in said:
        return "put text that has a colon in it into quotes, and check the indentation"
    if "while scanning a quoted scalar" in said:
        return "close the quotes"
    return "check brackets, quotes and indentation here and in the line above"
