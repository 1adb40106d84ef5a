"""A document held against the schema: what fits becomes typed, what does not becomes problems in the admin's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mappings.compose import Value
from mappings.problems import Problem, Steps, nearest, one_of, shown
from mappings.schema import Content, json_schema
from mappings.source import Source

# What stands in for a part of the top that cannot be used, so that the other parts are still checked.
_EMPTY: Mapping[str, Value] = {
    "version": 1, "languages": [], "board": {"space": []}, "topics": {}, "classes": {},
}  # fmt: skip
# What stands in for a part of an entry that is missing, for the same reason.
_STAND_INS: Mapping[str, Value] = {"title": "?", "pattern": "?", "zone": "UTC", "week": {}}
_ROUNDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """`content` is what fits (None when nothing can be made of it); `broken` are the places that were left out.

    `meant` are the places that a mistyped key is taken for: there nothing is missing.
    """

    content: Content | None
    problems: tuple[Problem, ...]
    broken: frozenset[Steps]
    meant: frozenset[Steps] = frozenset()

    def sound(self, steps: Steps) -> bool:
        """Whether nothing was left out at this place, above it or below it."""
        return not any(broken[: len(steps)] == steps or steps[: len(broken)] == broken for broken in self.broken)


def validate(source: Source) -> Validated:
    """The typed content of a document, with a problem for every place that does not fit the schema."""
    value = source.value
    problems: tuple[Problem, ...] = ()
    meant: frozenset[Steps] = frozenset()
    broken: set[Steps] = set()
    for turn in range(_ROUNDS):
        try:
            content = Content.model_validate(value)
        except ValidationError as refused:
            errors = refused.errors(include_url=False)
            if turn == 0:
                meant = frozenset(_meant(errors))
                problems = tuple(_problems(source, errors, meant))
            if any(not error["loc"] for error in errors):
                break
            for error in errors:
                steps, stand_in = _replaceable(error)
                broken.add(steps)
                value = _replaced(value, steps, stand_in)
            value = {**_EMPTY, **value} if isinstance(value, dict) else value
        else:
            return Validated(content=content, problems=problems, broken=frozenset(broken), meant=meant)
    return Validated(content=None, problems=problems, broken=frozenset(broken), meant=meant)


def _meant(errors: Iterable[ErrorDetails]) -> Iterator[Steps]:
    schema = json_schema()
    for error in errors:
        if error["type"] == "extra_forbidden":
            *parent, key = error["loc"]
            near = nearest(str(key), sorted(_properties(schema, tuple(parent))))
            if near is not None:
                yield (*parent, near)


def _problems(source: Source, errors: Iterable[ErrorDetails], meant: frozenset[Steps]) -> Iterator[Problem]:
    schema = json_schema()
    for error in errors:
        if error["type"] == "extra_forbidden":
            *parent, key = error["loc"]
            known = sorted(_properties(schema, tuple(parent)))
            near = nearest(str(key), known)
            yield source.problem(
                error["loc"],
                code="unknown-key",
                found=f"the key {shown(key)}",
                expected=one_of(known, most=50),
                nearest=near,
                remedy=f"write {near}" if near else "remove it, or move it where it belongs",
                key=True,
            )
        # A mistyped key is one mistake, though the right key is missing too.
        elif error["type"] != "missing" or error["loc"] not in meant:
            yield _problem(source, schema, error)


def _problem(source: Source, schema: dict[str, Any], error: ErrorDetails) -> Problem:
    steps = error["loc"]
    given = error.get("ctx", {})
    code, found, near = "type", shown(error["input"]), None
    match error["type"]:
        case "missing":
            code, found = "missing-key", f"no key {shown(steps[-1])} here"
            expected = _described(schema, steps)
            remedy = f"add the line `{steps[-1]}: …`"
        case "mapping":
            code, expected, remedy = given["code"], given["expected"], given["remedy"]
        case "literal_error":
            words = given["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            near = nearest(str(error["input"]), words)
            code, expected = "value", one_of(words) if len(words) > 1 else words[0]
            remedy = f"write {near or words[0]}" if near or len(words) == 1 else "write one of the expected words"
        case "list_type":
            expected, remedy = "a list", "write [one, two], or one per line with a dash"
        case "bool_type":
            expected, remedy = "true or false", "write true or false, without quotes"
        case "dict_type" | "model_type" | "model_attributes_type":
            expected, remedy = "a mapping", "write `key: value` lines, indented below the key"
        case _:
            expected, remedy = error["msg"], "see the reference of the mapping"
    return source.problem(steps, code=code, found=found, expected=expected, nearest=near, remedy=remedy)


def _replaceable(error: ErrorDetails) -> tuple[Steps, Value]:
    """What to take out so that the rest may fit (never a single item of a list, lest the others change places),
    and what to put in its place: None for nothing."""
    steps: Steps = error["loc"]
    for index, step in enumerate(steps):
        if isinstance(step, int):
            return steps[:index], None
    if error["type"] == "missing" and len(steps) > 1:
        stand_in = _STAND_INS.get(str(steps[-1]))
        return (steps[:-1], None) if stand_in is None else (steps, stand_in)
    return steps, None


def _replaced(value: Value, steps: Steps, stand_in: Value) -> Value:
    if not isinstance(value, dict) or not steps:
        return value
    key, rest = str(steps[0]), steps[1:]
    copy = dict(value)
    if rest and key in copy:
        copy[key] = _replaced(copy[key], rest, stand_in)
    elif not rest and stand_in is not None:
        copy[key] = stand_in
    elif not rest:
        copy.pop(key, None)
    return copy


def _walk(schema: dict[str, Any], steps: Steps) -> Iterator[dict[str, Any]]:
    """Every part of the JSON schema that could describe this place."""
    defs = schema.get("$defs", {})

    def opened(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        if "$ref" in node:
            yield from opened(cast(dict[str, Any], defs[node["$ref"].rsplit("/", 1)[-1]]))
        for variant in node.get("anyOf", ()):
            yield from opened(variant)

    nodes = list(opened(schema))
    for step in steps:
        below: list[dict[str, Any]] = []
        for node in nodes:
            inner = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
            if inner is None and not isinstance(step, int):
                inner = node.get("additionalProperties")
            if isinstance(inner, dict):
                below.extend(opened(inner))
        nodes = below
    yield from nodes


def _properties(schema: dict[str, Any], steps: Steps) -> set[str]:
    return {name for node in _walk(schema, steps) for name in node.get("properties", {})}


def _described(schema: dict[str, Any], steps: Steps) -> str:
    described = [node["description"] for node in _walk(schema, steps) if "description" in node]
    text: str = described[0] if described else "a value"
    return text[0].lower() + text[1:].rstrip(".")
