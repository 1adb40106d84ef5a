"""What a caller sent, read the way the Bot API reads it whatever the encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sandbox.telegram.refusals import bad_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file part of a multipart request; `content` is spooled to disk once it is big; `size` in bytes."""

    name: str
    mime: str | None
    size: int
    content: BinaryIO


@dataclass(frozen=True, slots=True)
class Parameters:
    """Values are strings (query, urlencoded, multipart) or JSON values (a JSON body)."""

    values: Mapping[str, Any]
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    complain: Callable[[str], Exception] = bad_request

    def text(self, name: str) -> str | None:
        """None when the parameter is missing; a lone surrogate is refused, as it has no UTF-8."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool | dict | list):
            return None
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.complain("strings must be encoded in UTF-8") from None
        return text

    def integer(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None or value == "" or isinstance(value, bool):
            return None
        try:
            return int(float(value)) if isinstance(value, float) else int(value)
        except (TypeError, ValueError, OverflowError):
            return None

    def number(self, name: str) -> float | None:
        value = self.values.get(name)
        if value is None or value == "" or isinstance(value, bool):
            return None
        try:
            return float(value)
        except (TypeError, ValueError):
            return None

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return value is True or str(value).lower() in ("true", "1", "yes", "y")

    def structure(self, name: str) -> Any:
        """An object or array, given as JSON or as a JSON string; None when missing or empty."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise self.complain(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def objects(self, name: str) -> list[dict[str, Any]]:
        """An array of objects; empty when missing."""
        value = self.structure(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complain(f"can't parse {name.replace('_', ' ')}: expected an Array of objects")
        return value

    def described(self) -> dict[str, Any]:
        """For the record of calls: JSON strings opened, file parts named but not shown."""
        shown = {name: _opened(value) for name, value in self.values.items()}
        for name, upload in self.uploads.items():
            shown[name] = {"file": upload.name, "size": upload.size, "mime": upload.mime}
        return shown


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
