"""What stands in the fields of cards: the source, constant values, and facts that differ from card to card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connector.domain.effects import FieldValue
from connector.domain.layout import BoardLayout, CardField, FieldKind, Layout
from mappings.mapping import Mapping as Said
from mappings.names import Finder, Known
from mappings.people import known_users
from mappings.problems import Severity, Steps, folded, names_command, nearest, one_of, path_of, shown
from mappings.scalars import One
from mappings.topics import leaves

Written = One | list[One]

_CHOSEN = frozenset({"topic", "class", "language", "verified", "rating", "sla", "first_reply"})
"""Facts that may stand in a select, because all their values are known beforehand."""
_ALSO = {
    "number": (FieldKind.NUMBER, "number"),
    "opened": (FieldKind.DATE, "date"),
    "agent": (FieldKind.USER, "user"),
}
"""Facts that may stand in a field of one more kind than text."""
_EXPECTED = {
    FieldKind.STRING: "a text",
    FieldKind.NUMBER: "a number, without quotes",
    FieldKind.CHECKBOX: "true or false, without quotes",
    FieldKind.DATE: "a date such as 2026-01-01",
    FieldKind.SELECT: "one of its options",
    FieldKind.USER: "a user of the board",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundFields:
    """`constants`: topic key → field id → value. `facts`: fact → field id."""

    constants: Mapping[str, Mapping[str, FieldValue]]
    facts: Mapping[str, str]


def bind_fields(mapping: Said, layout: Layout, boards: Sequence[BoardLayout], finder: Finder) -> BoundFields:
    """Every field the mapping names, with the values that are known beforehand."""
    return _Binder(mapping, layout, boards, finder).bind()


class _Binder:
    """`taken`: field id → where in the mapping it was filled first."""

    def __init__(self, mapping: Said, layout: Layout, boards: Sequence[BoardLayout], finder: Finder) -> None:
        self._mapping = mapping
        self._layout = layout
        self._boards = boards
        self._finder = finder
        self._taken: dict[str, str] = {}

    def bind(self) -> BoundFields:
        """A topic's own values go before those of its group, these before those for all."""
        source = self._source()
        self._taken = dict.fromkeys(source, "source.field")
        content = self._mapping.content
        general = self._level(("values",), content.values, source)
        levels: dict[Steps, dict[str, FieldValue]] = {}
        constants: dict[str, dict[str, FieldValue]] = {}
        for leaf in leaves(content):
            constants[leaf.key] = {**source, **general}
            for steps, given in reversed(leaf.values):
                if steps not in levels:
                    levels[steps] = self._level(steps, given, source)
                constants[leaf.key] |= levels[steps]
        return BoundFields(constants=constants, facts=self._facts())

    def _source(self) -> dict[str, FieldValue]:
        """The field that is the same on every card made by the bot."""
        given = self._mapping.content.source
        if given is None or given.field is None or given.option is None:
            return {}
        field = self._field(("source", "field"), given.field)
        if field is None:
            return {}
        if field.kind is FieldKind.STRING:
            return {field.id: str(given.option)}
        if field.kind is not FieldKind.SELECT:
            self._wrong_kind(("source", "field"), field, "select or text")
            return {}
        option = self._option(("source", "option"), given.option, field)
        return {} if option is None else {field.id: option}

    def _level(self, steps: Steps, given: Mapping[str, Written], source: Iterable[str]) -> dict[str, FieldValue]:
        """The values that stand in one place of the mapping: there each field is named once."""
        bound: dict[str, FieldValue] = {}
        owners = dict.fromkeys(source, "source.field")
        for name, value in given.items():
            at = (*steps, name)
            field = self._field(at, name, key=True)
            if field is None:
                continue
            first = owners.setdefault(field.id, path_of(at))
            self._taken.setdefault(field.id, first)
            if first != path_of(at):
                self._twice(at, field, first, key=True)
                continue
            shaped = self._value(at, value, field)
            if shaped is not None:
                bound[field.id] = shaped
        return bound

    def _value(self, steps: Steps, given: Written, field: CardField) -> FieldValue | None:
        """The value in the shape of the field's kind; None, with a problem, when it does not fit."""
        if isinstance(given, list):
            return self._several(steps, given, field)
        shaped: FieldValue | None = None
        match field.kind:
            case FieldKind.STRING if not isinstance(given, bool):
                shaped = str(given).strip()
            case FieldKind.NUMBER if not isinstance(given, str | bool):
                shaped = float(given)
            case FieldKind.CHECKBOX if isinstance(given, bool):
                shaped = given
            case FieldKind.DATE if isinstance(given, str) and _is_date(given.strip()):
                shaped = given.strip()
            case FieldKind.SELECT if isinstance(given, str | int) and not isinstance(given, bool):
                return self._option(steps, given, field)
            case FieldKind.USER if isinstance(given, str | int) and not isinstance(given, bool):
                user = self._finder.find(steps, given, known_users(self._layout), kind="user")
                return None if user is None else (user.id,)
            case FieldKind.OTHER:
                self._wrong_kind(steps, field, "text, number, select, date, user or checkbox", key=True)
                return None
            case _:
                pass
        if shaped is None:
            self._finder.note(
                steps, code="field-value", found=f"{shown(given)} for the field {shown(field.name)}",
                expected=f"{_EXPECTED[field.kind]}: it is of the kind {field.kind}",
                remedy="write such a value, or name another field",
            )  # fmt: skip
        return shaped

    def _several(self, steps: Steps, given: Sequence[One], field: CardField) -> FieldValue | None:
        """Several options or people at once; each has a place of its own for what is wrong with it."""
        if field.kind not in (FieldKind.SELECT, FieldKind.USER):
            self._finder.note(
                steps, code="field-value", found=f"a list for the field {shown(field.name)}",
                expected=f"{_EXPECTED.get(field.kind, 'one value')}: it is of the kind {field.kind}",
                remedy="write a single value, or name a field for options or users",
            )  # fmt: skip
            return None
        chosen: list[str] = []
        for index, each in enumerate(given):
            shaped = self._value((*steps, index), each, field)
            if isinstance(shaped, tuple):
                chosen += (one for one in shaped if one not in chosen)
        return tuple(chosen) or None

    def _facts(self) -> dict[str, str]:
        """Fact → field id."""
        bound: dict[str, str] = {}
        for fact, name in self._mapping.content.fields.model_dump(by_alias=True, exclude_none=True).items():
            steps = ("fields", fact)
            field = self._field(steps, name)
            if field is None:
                continue
            if not self._takes(steps, fact, field):
                continue
            first = self._taken.setdefault(field.id, f"fields.{fact}")
            if first != f"fields.{fact}":
                self._twice(steps, field, first)
            bound[fact] = field.id
        return bound

    def _takes(self, steps: Steps, fact: str, field: CardField) -> bool:
        """Whether the field can hold the fact; a select must have an option for each value known beforehand."""
        chosen, values = fact in _CHOSEN, dict.fromkeys(self._mapping.values_of(fact))
        also, name = _ALSO.get(fact, (None, "select" if chosen else None))
        if field.kind in (FieldKind.STRING, also):
            return True
        if field.kind is not FieldKind.SELECT or not chosen:
            self._wrong_kind(steps, field, f"text or {name}" if name else "text")
            return False
        titles = [title for _, title in field.options]
        options = {folded(title) for title in titles}
        for value in values:
            if folded(value) not in options:
                near = nearest(value, titles)
                self._finder.note(
                    steps, code="unknown-option", near=near,
                    found=f"no option {shown(value)} of the field {shown(field.name)}, which is to take the {fact}",
                    expected=f"an option for each of: {', '.join(values)}; there is " + one_of(titles),
                    remedy=(f"rename the option {near}" if near else "add the option")
                    + f" on the board, or name a text field; `{names_command('fields')}` lists all",
                )  # fmt: skip
        return True

    def _option(self, steps: Steps, given: str | int, field: CardField) -> tuple[str, ...] | None:
        options = [Known(id=option, names=(title,), thing=option) for option, title in field.options]
        option = self._finder.find(steps, given, options, kind="option", where=f" of the field {shown(field.name)}")
        return None if option is None else (option,)

    def _field(self, steps: Steps, name: str | int, key: bool = False) -> CardField | None:
        entries = [Known(id=field.id, names=(field.name,), thing=field) for field in self._layout.fields]
        field = self._finder.find(steps, name, entries, kind="field", key=key)
        if field is None or field.boards is None:
            return field
        hidden = [shown(board.title) for board in self._boards if board.id not in field.boards]
        if hidden:
            self._finder.note(
                steps, code="field-hidden", key=key, severity=Severity.WARNING,
                found=f"the field {shown(field.name)} is not shown on: {', '.join(hidden)}",
                expected="a field that every board in use shows",
                remedy="add the field to the cards of these boards; its value is stored all the same",
            )  # fmt: skip
        return field

    def _wrong_kind(self, steps: Steps, field: CardField, kinds: str, key: bool = False) -> None:
        self._finder.note(
            steps, code="field-kind", key=key, found=f"the field {shown(field.name)} of the kind {field.kind}",
            expected=f"a field of the kind {kinds}",
            remedy=f"name another field, or make one of that kind; `{names_command('fields')}` lists all",
        )  # fmt: skip

    def _twice(self, steps: Steps, field: CardField, first: str, key: bool = False) -> None:
        self._finder.note(
            steps, code="field-twice", key=key, found=f"the field {shown(field.name)}, which {first} fills already",
            expected="one value for each field", remedy="name another field, or remove one of the two lines",
        )  # fmt: skip


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
