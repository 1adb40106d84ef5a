"""Where in the mapping it says so: the line that asks for a field of a card, with what it says."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.mapping import Mapping
from mappings.problems import Steps, path_of
from mappings.source import Source
from mappings.topics import Leaf, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`path` as problems name it; `place` is file:line:column, None where the mapping leaves it to the default."""

    path: str
    place: str | None
    says: str


def rule_for(mapping: Mapping, wanted: tuple[str, ...], *, topic: str, service_class: str) -> Rule | None:
    """The rule behind a field; `wanted` as `connector.domain.origins` names it. None where no rule speaks of it."""
    leaf = next((each for each in leaves(mapping.content) if each.key == topic), None)
    match wanted:
        case ():
            return None
        case ("tag", name):
            return _tag(mapping, leaf, name)
        case ("topic", "column"):
            if leaf is not None and leaf.column is not None:
                return _said(mapping.source, leaf.column[0])
            return _said(mapping.source, ("columns", "queue"), default="the board's first column that means queue")
        case ("topic", name):
            found = getattr(leaf, name, None) if leaf is not None else None
            return _said(mapping.source, found[0]) if found is not None else None
        case ("class", name):
            return _said(mapping.source, ("classes", service_class, name))
        case ("texts",):
            return _said(mapping.source, ("texts",), default="the shipped texts `card.…`")
        case _:
            rule = _said(mapping.source, wanted)
            # What no card has a place for is no field of it.
            return None if wanted[0] in ("fields", "source") and rule.place is None else rule


def _tag(mapping: Mapping, leaf: Leaf | None, name: str) -> Rule | None:
    content = mapping.content
    for steps, tag in leaf.tags if leaf is not None else ():
        if tag == name:
            return _said(mapping.source, steps)
    cabinet = content.cabinet.tag if content.cabinet is not None else None
    if cabinet is not None:
        before, _, after = cabinet.partition("{cabinet}")
        if name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after):
            return _said(mapping.source, ("cabinet", "tag"))
    for index, label in enumerate(content.labels):
        if label.tag.strip() == name:
            return _said(mapping.source, ("labels", index, "tag"))
    if content.blocked_tag is not None and content.blocked_tag.strip() == name:
        return _said(mapping.source, ("blocked_tag",))
    if name in mapping.rating_tags():
        return _said(mapping.source, ("rating", "tag"))
    return None


def _said(source: Source, steps: Steps, default: str = "the default") -> Rule:
    place = source.values.get(steps) or source.keys.get(steps)
    where = None if place is None else f"{source.file}:{place.line}:{place.column}"
    return Rule(path=path_of(steps), place=where, says=default if place is None else _value(source, steps))


def _value(source: Source, steps: Steps) -> str:
    found: object = source.value
    for step in steps:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
    return str(found) if isinstance(found, str | int | float | bool) else ""
