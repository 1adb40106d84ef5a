"""Reading the fields of a request body: what is unknown is ignored, what is wrong is a 400 in the API's words."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from sandbox.kaiten.problems import bad_request

Reader = Callable[[object], object]
"""Takes the JSON value, gives the value to keep; raises ValueError with the tail of the message."""

Fields = Mapping[str, Reader]


def read(body: Mapping[str, object], known: Fields, entity: str, *required: str) -> dict[str, object]:
    """The known fields of ``body``. Unknown ones are dropped without a word, as the real API does."""
    for name in required:
        if name not in body:
            raise bad_request(f"{entity} should have required property '{name}'")
    values: dict[str, object] = {}
    for name, reader in known.items():
        if name in body:
            try:
                values[name] = reader(body[name])
            except ValueError as wrong:
                raise bad_request(f"{entity}.{name} {wrong}") from None
    return values


def text(longest: int, *, shortest: int = 0, numbers: bool = False) -> Reader:
    """A string; with ``numbers`` a number is taken as its text. Lengths count characters, as JSON schema does."""

    def reader(value: object) -> str:
        if numbers and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise ValueError("should be string")
        if len(value) < shortest:
            raise ValueError(f"should NOT be shorter than {shortest} characters")
        if len(value) > longest:
            raise ValueError(f"should NOT be longer than {longest} characters")
        return value

    return reader


def integer(*, least: int | None = None) -> Reader:
    def reader(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("should be integer")
        if least is not None and value < least:
            raise ValueError(f"should be >= {least}")
        return value

    return reader


def one_of(*allowed: object) -> Reader:
    def reader(value: object) -> object:
        if isinstance(value, bool) != isinstance(allowed[0], bool) or value not in allowed:
            raise ValueError("should be equal to one of the allowed values")
        return value

    return reader


def nullable(inner: Reader) -> Reader:
    return lambda value: None if value is None else inner(value)


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("should be boolean")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("should be number")
    return value


def positive(value: object) -> float:
    found = number(value)
    if found <= 0:
        raise ValueError("should be > 0")
    return found


def mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("should be object")
    return value


def mappings(value: object) -> tuple[dict[str, object], ...]:
    if not isinstance(value, list):
        raise ValueError("should be array")
    return tuple(mapping(item) for item in value)


def moment(value: object) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError('should match format "date-time"') from None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    raise ValueError("should be string")


def day(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError('should match format "date"') from None
    raise ValueError("should be string")
