"""Holds answers and updates against the published types of the Bot API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TYPES: dict[str, Any] = json.loads(Path(__file__).with_name("bot_api_types.json").read_text())["types"]
_PLAIN: dict[str, tuple[type, ...]] = {
    "Integer": (int,), "String": (str,), "Boolean": (bool,), "True": (bool,), "Float": (int, float),
}  # fmt: skip


def faults_of(value: Any, kind: str, where: str = "") -> list[str]:
    """What contradicts the published type: missing required fields, unknown fields, wrong types."""
    where = where or kind
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where}: not an array"]
        inner = kind.removeprefix("Array of ")
        return [fault for n, item in enumerate(value) for fault in faults_of(item, inner, f"{where}[{n}]")]
    if kind in _PLAIN:
        fits = isinstance(value, _PLAIN[kind]) and (kind in ("Boolean", "True") or not isinstance(value, bool))
        return [] if fits else [f"{where}: {value!r} is no {kind}"]
    fields = _TYPES[kind]
    if isinstance(fields, list):
        tries = [faults_of(value, subtype, f"{where}<{subtype}>") for subtype in fields]
        return _fewest(tries)
    if not isinstance(value, dict):
        return [f"{where}: not an object"]
    known = {name.rstrip("!"): kinds for name, kinds in fields.items()}
    faults = [f"{where}.{n[:-1]} is missing" for n in fields if n.endswith("!") and n[:-1] not in value]
    for name, item in value.items():
        if name not in known:
            faults.append(f"{where}.{name} is unknown")
            continue
        faults += _fewest([faults_of(item, one, f"{where}.{name}") for one in known[name]])
    return faults


def _fewest(tries: list[list[str]]) -> list[str]:
    """Of several published types the one that fits best."""
    return min(tries, key=len)
