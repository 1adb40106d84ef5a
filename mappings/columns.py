"""What each column of a board means, and where a card lands that is moved there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.domain.effects import Meaning
from connector.domain.layout import BoardLayout, Column
from mappings.names import Finder, Known, matching
from mappings.problems import Severity, Steps, names_command, nearest, one_of, shown
from mappings.schema import Columns, Meanings


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumns:
    """The columns of one board, bound. `landing` names the first column of each meaning that can hold a card."""

    board: BoardLayout
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    landing: Mapping[Meaning, str] = field(default_factory=dict)
    sound: bool = True
    """False when a name was wrong: what is missing then may only be an echo."""

    def named(self, steps: Steps, name: str | int, finder: Finder) -> str | None:
        """The column of that name in which a card can lie: of one with subcolumns, the first of these."""
        column = finder.find(
            steps, name, _known(self.board, name), kind="column", where=f" on the board {shown(self.board.title)}"
        )
        return None if column is None else _holding(self.board, column).id


def bind_columns(
    columns: Columns, boards: Sequence[BoardLayout], known: Sequence[Known[BoardLayout]], finder: Finder
) -> dict[str, BoardColumns]:
    """Board id → its columns. What a board says of its own goes before what holds for all, that before the tool."""
    own: dict[str, tuple[str, Meanings]] = {}
    for name, meanings in columns.boards.items():
        board = finder.find(("columns", "boards", name), name, known, kind="board", key=True)
        if board is not None:
            own[board.id] = (name, meanings)
    general = _general(columns, boards, finder)
    bound = {}
    for board in boards:
        named = dict(general.get(board.id, {}))
        before = len(finder.problems)
        if board.id in own:
            title, meanings = own[board.id]
            named |= _own(("columns", "boards", title), meanings, board, finder)
        bound[board.id] = _bound(board, named, finder, before)
    return bound


def pausing_columns(names: Sequence[str | int], boards: Sequence[BoardLayout], finder: Finder) -> frozenset[str]:
    """The ids of columns in which clocks stand still: by the tool's own setting, and by these names on any board."""
    found = {column.id for board in boards for column in board.columns if column.pauses}
    for index, name in enumerate(names):
        meant = {
            column.id
            for board in boards
            for entry in matching(name, _known(board, name))
            for column in (entry.thing, *_subcolumns(board, entry.thing))
        }
        if not meant and boards:
            _nowhere(("sla", "pause", index), name, boards, finder)
        found |= meant
    return frozenset(found)


def _nowhere(steps: Steps, name: str | int, boards: Sequence[BoardLayout], finder: Finder) -> None:
    titles = list(dict.fromkeys(column.title for board in boards for column in board.columns))
    near = nearest(str(name), titles)
    finder.note(
        steps, code="unknown-column", near=near,
        found=f"{shown(name)}: no such column on any board in use", expected=one_of(titles),
        remedy=(f"write {near}" if near else "correct the name, or write the id")
        + f"; `{names_command('columns')}` lists all",
    )  # fmt: skip


def _names(meanings: Meanings) -> list[tuple[Meaning, int, str | int]]:
    return [
        (meaning, index, name) for meaning in Meaning for index, name in enumerate(getattr(meanings, meaning.value))
    ]


def _general(columns: Columns, boards: Sequence[BoardLayout], finder: Finder) -> dict[str, dict[str, Meaning]]:
    """Board id → column id → meaning. A name that holds for all boards must be found on one of them at least."""
    found: dict[str, dict[str, Meaning]] = {}
    for meaning, index, name in _names(columns):
        anywhere = False
        for board in boards:
            for entry in matching(name, _known(board, name)):
                anywhere = True
                found.setdefault(board.id, {})[entry.id] = meaning
        if not anywhere and boards:
            _nowhere(("columns", meaning.value, index), name, boards, finder)
    return found


def _own(steps: Steps, meanings: Meanings, board: BoardLayout, finder: Finder) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for meaning, index, name in _names(meanings):
        column = finder.find(
            (*steps, meaning.value, index), name, _known(board, name), kind="column",
            where=f" on the board {shown(board.title)}",
        )  # fmt: skip
        if column is not None:
            found[column.id] = meaning
    return found


def _bound(board: BoardLayout, named: Mapping[str, Meaning], finder: Finder, before: int) -> BoardColumns:
    meanings: dict[str, Meaning] = {}
    for column in sorted(board.columns, key=lambda column: column.parent is not None):
        meaning = named.get(column.id)
        if meaning is None and column.parent is not None:
            meaning = named.get(column.parent)
        if meaning is None:
            meaning = _staged(column) or (meanings.get(column.parent) if column.parent else None)
        if meaning is not None:
            meanings[column.id] = meaning
            continue
        finder.note(
            ("columns",), code="column-without-meaning",
            found=f"the column {shown(column.title)} (id {column.id}) of the board {shown(board.title)} means nothing",
            expected="a meaning for every column: queue, work, waiting or done",
            remedy="name it under `columns`, for example `waiting: [" + shown(column.title) + "]`",
        )  # fmt: skip
    landing: dict[Meaning, str] = {}
    for column in board.columns:
        if column.id in meanings and not _subcolumns(board, column):
            landing.setdefault(meanings[column.id], column.id)
    sound = len(finder.problems) == before
    if sound and Meaning.DONE not in landing:
        finder.note(
            ("columns",), code="no-done-column", severity=Severity.WARNING,
            found=f"no column of the board {shown(board.title)} means done",
            expected="a column where finished requests go",
            remedy="name it under `columns.done`; without one no request there is ever finished",
        )  # fmt: skip
    return BoardColumns(board=board, meanings=meanings, landing=landing, sound=sound)


def _staged(column: Column) -> Meaning | None:
    """The rough meaning the board tool itself gives a column."""
    return next((meaning for meaning in Meaning if meaning.value == column.stage), None)


def _known(board: BoardLayout, name: str | int) -> list[Known[Column]]:
    """The columns a name may mean: subcolumns count only where no column at the top goes by it."""
    entries = [Known(id=column.id, names=(column.title,), thing=column) for column in board.columns]
    top = [entry for entry in entries if entry.thing.parent is None]
    return top if matching(name, top) else entries


def _subcolumns(board: BoardLayout, column: Column) -> list[Column]:
    return [below for below in board.columns if below.parent == column.id]


def _holding(board: BoardLayout, column: Column) -> Column:
    """A column with subcolumns holds no cards itself."""
    below = _subcolumns(board, column)
    return below[0] if below else column
