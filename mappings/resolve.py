"""From the mapping's names to the board's ids, or to every name that the board does not know."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence

from connector.domain.effects import Meaning, Spot
from connector.domain.layout import BoardLayout, Lane, Layout
from connector.domain.policy import BoardPolicy
from mappings.columns import BoardColumns, bind_columns, pausing_columns
from mappings.fields import bind_fields
from mappings.mapping import Mapping
from mappings.names import Finder, Known, matching
from mappings.people import agent_users, check_people, known_users, user_ids
from mappings.problems import Problem, Severity, Steps, folded, names_command, nearest, shown
from mappings.scalars import EVERY
from mappings.topics import leaves


def spaces(mapping: Mapping) -> tuple[str, ...]:
    """The spaces to read the layout of, by title or id, as the mapping names them."""
    return tuple(dict.fromkeys(str(name).strip() for name in mapping.content.board.space))


def resolve(mapping: Mapping, layout: Layout) -> tuple[BoardPolicy | None, tuple[Problem, ...]]:
    """The board part of the policy; None when any name is unknown or means two things. Warnings do not hinder it."""
    finder = Finder(source=mapping.source, problems=[])
    boards = _boards(mapping, layout, finder)
    further = _further(mapping, layout, finder)
    used = list({board.id: board for board in (*boards.values(), *further)}.values())
    columns = bind_columns(mapping.content.columns, used, _known_boards(mapping, layout), finder)
    pausing = pausing_columns(mapping.content.sla.pause, used, finder)
    lanes = _lanes(mapping, used, finder)
    responsible = _responsible(mapping, layout, finder)
    fields = bind_fields(mapping, layout, used, finder)
    _tags(mapping, layout, finder)
    check_people(mapping, layout, finder)
    agents = agent_users(mapping, layout, finder)
    starts = _starts(mapping, boards, columns, finder)

    silenced = mapping.content.silence
    problems = tuple(
        sorted(
            (
                problem
                for problem in finder.problems
                if problem.severity is Severity.ERROR or problem.code not in silenced
            ),
            key=lambda problem: (problem.line or 0, problem.column or 0),
        )
    )
    if any(problem.severity is Severity.ERROR for problem in problems):
        return None, problems
    policy = BoardPolicy(
        spots={
            (topic, key): Spot(
                board=board.id,
                column=starts[topic],
                lane=lanes.get((board.id, key)),
                responsible=responsible,
                fields=fields.constants[topic],
            )
            for topic, board in boards.items()
            for key in mapping.content.classes
        },
        fact_fields=fields.facts,
        columns={column: meaning for bound in columns.values() for column, meaning in bound.meanings.items()},
        lanes={(board, lane): key for (board, key), lane in lanes.items()},
        landing={
            (board, meaning): column for board, bound in columns.items() for meaning, column in bound.landing.items()
        },
        boards=tuple(board.id for board in used),
        users=user_ids(layout),
        classes=lanes,
        pausing=pausing,
        agents=agents,
    )
    return policy, problems


def _known_boards(mapping: Mapping, layout: Layout) -> list[Known[BoardLayout]]:
    """The boards of the mapping's spaces; all of them while a space is unknown, so that fewer faults are echoes."""
    entries = [Known(id=space, names=(title,), thing=space) for space, title in layout.spaces]
    ids = {space for name in mapping.content.board.space for found in matching(name, entries) for space in [found.id]}
    return [
        Known(id=board.id, names=(board.title,), thing=board)
        for board in layout.boards
        if not ids or board.space in ids
    ]


def _boards(mapping: Mapping, layout: Layout, finder: Finder) -> dict[str, BoardLayout]:
    """Topic key → its board. A name that several topics take from their group is looked up once."""
    entries = [Known(id=space, names=(title,), thing=space) for space, title in layout.spaces]
    for index, name in enumerate(mapping.content.board.space):
        finder.find(("board", "space", index), name, entries, kind="space")
    if finder.problems and not layout.boards:
        return {}  # the boards are unknown only because their space is
    known = _known_boards(mapping, layout)
    looked_up: dict[Steps, BoardLayout | None] = {}
    for leaf in leaves(mapping.content):
        if leaf.board is None:  # which no sound mapping has
            continue
        steps, name = leaf.board
        if steps not in looked_up:
            looked_up[steps] = finder.find(steps, name, known, kind="board")
    named = ((leaf.key, looked_up[leaf.board[0]]) for leaf in leaves(mapping.content) if leaf.board)
    return {key: board for key, board in named if board is not None}


def _further(mapping: Mapping, layout: Layout, finder: Finder) -> list[BoardLayout]:
    """Boards where no topic begins; like those of the topics, they are unknown while their space is."""
    if not layout.boards:
        return []
    known = _known_boards(mapping, layout)
    named = enumerate(mapping.content.further_boards)
    found = [finder.find(("further_boards", index), name, known, kind="board") for index, name in named]
    return [board for board in found if board is not None]


def _starts(
    mapping: Mapping, boards: abc.Mapping[str, BoardLayout], columns: abc.Mapping[str, BoardColumns], finder: Finder
) -> dict[str, str | None]:
    """Topic key → the column where its cards begin."""
    starts: dict[tuple[Steps, str], str | None] = {}
    found: dict[str, str | None] = {}
    for leaf in leaves(mapping.content):
        if leaf.board is None or leaf.key not in boards:
            continue
        board = boards[leaf.key]
        place = (leaf.column or leaf.board)[0], board.id
        if place not in starts:
            starts[place] = _start(leaf.board[0], leaf.column, board, columns[board.id], finder)
        found[leaf.key] = starts[place]
    return found


def _start(
    at: Steps, named: tuple[Steps, str | int] | None, board: BoardLayout, columns: BoardColumns, finder: Finder
) -> str | None:
    """Where cards of a topic begin; `at` is where its board is named, `named` its column, if it names one."""
    if named is not None:
        return columns.named(*named, finder)
    column = columns.landing.get(Meaning.QUEUE)
    if column is None and columns.sound:
        finder.note(
            at,
            code="no-queue-column",
            found=f"the board {shown(board.title)} has no column that means queue",
            expected="a column where new cards begin",
            remedy="add `column: …` to this topic, or name the column under `columns.queue`; "
            f"`{names_command('columns')}` lists all",
        )
    return column


def _lanes(mapping: Mapping, boards: Sequence[BoardLayout], finder: Finder) -> dict[tuple[str, str], str]:
    """(board id, class key) → lane id."""
    bound: dict[tuple[str, str], str] = {}
    owners: dict[tuple[str, str], str] = {}
    known = [Known(id=board.id, names=(board.title,), thing=board) for board in boards]
    for key, entry in mapping.content.classes.items():
        if entry.lane is None:
            continue
        steps = ("classes", key, "lane")
        own: dict[str, str] = {
            board.id: name
            for name in entry.lane
            if name not in (EVERY, "*")
            and (board := finder.find((*steps, name), name, known, kind="board", where=" among those in use", key=True))
        }
        for board in boards:
            name = own.get(board.id, "*" if "*" in entry.lane else EVERY)
            if name not in entry.lane:
                finder.note(
                    steps,
                    code="class-lane",
                    found=f"no lane for the board {shown(board.title)}",
                    expected="a lane on every board in use",
                    remedy=f'add the line {shown(board.title)}: …, or "*": … for all other boards',
                )
                continue
            lanes = [Known(id=lane.id, names=(lane.title,), thing=lane) for lane in board.lanes]
            at = steps if name == EVERY else (*steps, name)
            lane: Lane | None = finder.find(
                at, entry.lane[name], lanes, kind="lane", where=f" on the board {shown(board.title)}"
            )
            if lane is None:
                continue
            bound[board.id, key] = lane.id
            first = owners.setdefault((board.id, lane.id), key)
            if first != key:
                finder.note(
                    at,
                    code="lane-twice",
                    found=f"the lane {shown(lane.title)} of the board {shown(board.title)}, "
                    f"which classes.{first} has too",
                    expected="a lane of its own for each class",
                    remedy="name another lane: a card moved into this one could not tell its class",
                )
    return bound


def _responsible(mapping: Mapping, layout: Layout, finder: Finder) -> str | None:
    given = mapping.content.source
    if given is None or given.responsible is None:
        return None
    user = finder.find(("source", "responsible"), given.responsible, known_users(layout), kind="user")
    return None if user is None else user.id


def _tags(mapping: Mapping, layout: Layout, finder: Finder) -> None:
    """A tag the board does not have is either new or mistyped; only one like a known name is called an error."""
    declared = [*mapping.content.declared_tags, *mapping.rating_tags(), *mapping.receipt_tags(), *mapping.clock_tags()]
    known = [*layout.tags, *declared]
    folded_known = {folded(name) for name in known}
    given = {steps: tag for leaf in leaves(mapping.content) for steps, tag in leaf.tags}
    given |= {("labels", index, "tag"): label.tag.strip() for index, label in enumerate(mapping.content.labels)}
    if mapping.content.blocked_tag is not None:
        given["blocked_tag",] = mapping.content.blocked_tag
    for name in ("first_reply_late", "at_risk", "breached"):
        if (said := getattr(mapping.content.sla.tags, name)) is not None:
            given["sla", "tags", name] = said.strip()
    given |= mapping.written_receipt_tags()
    for steps, tag in given.items():
        if folded(tag) in folded_known:
            continue
        near = nearest(tag, known)
        finder.note(
            steps,
            code="tag-typo" if near else "new-tag",
            found=f"the tag {shown(tag)}, which the board does not have",
            expected="a tag in use, or one under `declared_tags`",
            near=near,
            remedy=(f"write {near}, or " if near else "nothing, if it is meant: it will be made; or ")
            + f"add it to `declared_tags`; `{names_command('tags')}` lists all",
            severity=Severity.ERROR if near else Severity.WARNING,
        )
