"""Whether agents, teams and routing name each other, topics and classes that exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mappings.check_hours import USUAL
from mappings.check_topics import written_keys
from mappings.clock import Length
from mappings.files import files_beside, list_file
from mappings.id_list import Unreadable, read_table
from mappings.problems import Problem, Steps, folded, nearest, one_of, shown
from mappings.schema import Content
from mappings.schema_people import Managers
from mappings.source import Source
from mappings.team import agent_keys
from mappings.topics import groups, leaves
from mappings.validate import Validated

KEY_BYTES = 40
"""Of an agent's or a team's key: it stands in names of orders and in what people type."""


def check_people(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """Everything wrong with `people`, `teams` and `routing` that the schema cannot see."""
    topics = [*(leaf.key for leaf in leaves(content)), *groups(content)] if validated.sound(("topics",)) else None
    classes = written_keys(source, "classes", content.classes) or None
    agents = written_keys(source, "people", content.people)
    teams = written_keys(source, "teams", content.teams)
    for part in ("people", "teams", "agreements"):
        for key in getattr(content, part):
            if len(key.split()) != 1 or key != key.strip() or len(key.encode()) > KEY_BYTES:
                yield source.problem(
                    (part, key), code="people-key", found=shown(key), key=True,
                    expected=f"one word of up to {KEY_BYTES} bytes", remedy="write a shorter word",
                )  # fmt: skip
    for key, agent in content.people.items():
        steps = ("people", key)
        yield from _known(source, (*steps, "topics"), "unknown-topic", agent.topics, topics)
        yield from _known(source, (*steps, "classes"), "unknown-class", agent.classes, classes)
        if agent.team is not None:
            yield from named(source, (*steps, "team"), "unknown-team", str(agent.team), teams)
        if agent.duty is not None:
            known = [*([USUAL] if content.hours is not None else []), *(name.strip() for name in content.calendars)]
            sound = validated.sound(("calendars",)) and validated.sound(("hours",))
            yield from named(
                source, (*steps, "duty"), "unknown-calendar", str(agent.duty).strip(), known if sound else None
            )
    for key, team in content.teams.items():
        steps = ("teams", key)
        yield from _known(source, (*steps, "topics"), "unknown-topic", team.topics, topics)
        if team.lead is not None:
            yield from named(source, (*steps, "lead"), "unknown-agent", str(team.lead), agents)
    yield from _routing(source, content, classes)
    yield from _ladders(source, content, classes)
    calendars = [*([USUAL] if content.hours is not None else []), *(name.strip() for name in content.calendars)]
    for key, agreement in content.agreements.items():
        steps = ("agreements", key)
        yield from _known(source, (*steps, "topics"), "unknown-topic", agreement.topics, topics)
        yield from _known(source, (*steps, "classes"), "unknown-class", agreement.classes, classes)
        if agreement.team is not None:
            yield from named(source, (*steps, "team"), "unknown-team", str(agreement.team), teams)
        if agreement.hours is not None:
            yield from named(source, (*steps, "hours"), "unknown-calendar", str(agreement.hours).strip(), calendars)
        elif agreement.clock == "working" and content.hours is None and validated.sound(("hours",)):
            yield source.problem(
                (*steps, "clock"), code="no-hours", found="working time, but no `hours`", key=True,
                expected="the hours of the team under `hours`",
                remedy="add `hours: {zone: …, week: …}`, or write `clock: calendar`",
            )  # fmt: skip


def _ladders(source: Source, content: Content, classes: list[str] | None) -> Iterator[Problem]:
    for name, ladder in content.escalation.ladders.items():
        steps: Steps = ("escalation", "ladders", name)
        known = None if classes is None else [*classes, "*"]
        yield from named(source, steps, "unknown-class", name, known, key=True)
        last: dict[str, Length] = {}
        for index, rung in enumerate(ladder):
            place = (*steps, index)
            if (rung.after is None) == (rung.before is None):
                yield source.problem(
                    place, code="rung", found="neither `after` nor `before`" if rung.after is None else "both",
                    expected="exactly one of them", remedy="write when: `after: 5m`, or `before: 30m`",
                )  # fmt: skip
            elif rung.before is not None and rung.wait == "untaken":
                yield source.problem(
                    (*place, "before"), code="rung", found="`before` with `wait: untaken`", key=True,
                    expected="`after`", remedy="write `after: …`",
                )  # fmt: skip
            elif rung.after is not None and rung.wait == "promise":
                yield source.problem(
                    (*place, "after"), code="rung", found="`after` with `wait: promise`", key=True,
                    expected="`before`: how long before the promised time", remedy="write `before: 30m`",
                )  # fmt: skip
            elif rung.after is not None:
                earlier = last.get(rung.wait)
                if earlier is not None and rung.after.calendar < earlier.calendar:
                    yield source.problem(
                        (*place, "after"), code="rung", found="a step that comes before the one above it",
                        expected="the steps of one wait in the order they come", remedy="change their order",
                    )  # fmt: skip
                last[rung.wait] = rung.after


def _routing(source: Source, content: Content, classes: list[str] | None) -> Iterator[Problem]:
    routing = content.routing
    for name in routing.weights:
        yield from named(source, ("routing", "weights", name), "unknown-class", name, classes, key=True)
    if routing.mode == "assign" and not content.people:
        yield source.problem(
            ("routing", "mode"), code="routing-nobody", found="assign, but nobody under `people`",
            expected="agents who can be given requests", remedy="add `people: {anna: {user: …}}`, or write pool",
        )  # fmt: skip
    owners: dict[str, str] = {}
    for key, agent in content.people.items():
        for index, cabinet in enumerate(agent.cabinets):
            first = owners.setdefault(str(cabinet).strip(), key)
            if first != key:
                yield source.problem(
                    ("people", key, "cabinets", index), code="manager-twice",
                    found=f"{shown(cabinet)}, which {shown(first)} looks after", expected="one manager for each",
                    remedy="remove it from one of the two",
                )  # fmt: skip
    if routing.managers is not None:
        yield from _managers(source, content, routing.managers)


def _managers(source: Source, content: Content, managers: Managers) -> Iterator[Problem]:
    steps: Steps = ("routing", "managers")
    file = list_file(source, managers.file)
    if file is None:
        near = nearest(Path(managers.file).name, files_beside(source, managers.file))
        yield source.problem(
            (*steps, "file"), code="managers-file", found=f"no file {shown(managers.file)}", nearest=near,
            expected="an existing CSV file; the path counts from this file's folder",
            remedy=f"write {near}" if near else "put the list there, or correct the path",
        )  # fmt: skip
        return
    try:
        rows = read_table(file)
    except Unreadable as refused:
        yield source.problem(
            (*steps, "file"), code="managers-file", found=f"{shown(managers.file)}: {refused}",
            expected="a table of text, with commas, semicolons or tabs between the columns",
            remedy="save the list as CSV, and check the file's rights",
        )  # fmt: skip
        return
    heads = [cell.strip() for cell in rows[0]] if rows else []
    read = [folded(head) for head in heads]
    for key, column in (("cabinet", managers.cabinet), ("agent", managers.agent)):
        if folded(column) not in read:
            near = nearest(column, heads)
            yield source.problem(
                (*steps, key), code="managers-file", found=f"no column {shown(column)} in {shown(managers.file)}",
                expected=one_of(heads), nearest=near,
                remedy=f"write {near}" if near else "write the name as it stands in the file's first line",
            )  # fmt: skip
            return
    place, keys = read.index(folded(managers.agent)), agent_keys(content)
    for number, row in enumerate(rows[1:], start=2):
        name = row[place].strip() if len(row) > place else ""
        if name and folded(name) not in keys:
            yield source.problem(
                (*steps, "agent"), code="managers-file",
                found=f"row {number} of {shown(managers.file)} names {shown(name)}", nearest=nearest(name, list(keys)),
                expected=one_of(list(content.people)),
                remedy="correct the file, or add them under `people`; an empty cell means nobody",
            )  # fmt: skip
            return


def _known(
    source: Source, steps: Steps, code: str, names: list[str | int], known: list[str] | None
) -> Iterator[Problem]:
    for index, name in enumerate(names):
        yield from named(source, (*steps, index), code, str(name).strip(), known)


def named(
    source: Source, steps: Steps, code: str, name: str, known: list[str] | None, *, key: bool = False
) -> Iterator[Problem]:
    """A problem where nothing of that name is known; nothing is told where the names themselves are at fault (None)."""
    if known is None or name in known:
        return
    near = nearest(name, known)
    yield source.problem(
        steps, code=code, found=shown(name), nearest=near, key=key,
        expected=one_of(known) if known else "nothing: there are none",
        remedy=f"write {near}" if near else "write one of them, or remove it",
    )  # fmt: skip
