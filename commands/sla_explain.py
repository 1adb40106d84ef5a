"""Why the clocks of one request stand as they do: every stretch with its reason, sums, target and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.answer import answer
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.retelling import moment_now, policy_beside, request_with_clocks, told_of
from commands.telling import MEASURES, Colour, exact, in_line, painted, print_table

if TYPE_CHECKING:
    from connector.domain.clock import Reading
    from connector.domain.policy import Policy
    from connector.domain.retold import Retold
    from connector.domain.ticket import Stamp, Ticket
    from connector.store.retelling import Record


_REASONS = {
    None: "counts",
    "unopened": "the client had not said yet what it is about",
    "waiting": "waiting for the client",
    "column": "in a column that pauses",
    "blocked": "the client had stopped the bot",
    "closed": "closed",
    "off_hours": "outside working hours",
    "holiday": "a day without work",
}


def explain(
    card: Annotated[str, typer.Argument(help="The card: its number or address; or its request (#12, kc-…)")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every counted and every paused stretch of each clock of a request, with its reason, sums, target and verdict."""
    settings, loaded = load_all(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        ticket = request_with_clocks(there, card, as_json=as_json)
        policy = policy_beside(there, settings, loaded, as_json=as_json)
        record, told = told_of(there, ticket.client, policy)
        now = moment_now(there)
    found = explained(ticket, record, told, policy, now)
    if as_json:
        answer(found)
        return
    _print(found)


def explained(ticket: Ticket, record: Record, told: Retold, policy: Policy, now: datetime) -> dict[str, Any]:
    """Everything there is to tell of the clocks of a request, for programs and for the page."""
    from connector.domain import clock
    from connector.domain.say import title

    stamps = told.stamps.get(ticket.id)
    source = "journal" if stamps else "ticket"
    stamps = stamps or clock.stamps_of(ticket)
    rule, tongue = policy.sla, policy.default_language
    readings = sorted(
        clock.read(stamps, clock.owed(policy, ticket), now, reopened=rule.reopened, at_risk=rule.at_risk),
        key=lambda each: (each.begins, each.measure is clock.Measure.RESOLUTION),
    )
    terms = clock.terms_of(policy, ticket)
    zone = terms.hours.zone if terms is not None and terms.hours is not None else None

    def class_title(key: str) -> str:
        found = policy.classes.get(key)
        return title(found.title, policy, tongue) if found is not None else key

    return {
        "number": ticket.number,
        "request": ticket.id,
        "card": ticket.card.key if ticket.card else None,
        "subject": in_line(ticket.subject, whole=False),
        "phase": ticket.phase.value,
        "class": ticket.service_class,
        "class_title": class_title(ticket.service_class),
        "topic": ticket.topic,
        "read_at": now,
        "zone": str(zone) if zone is not None else "UTC",
        "source": source,
        "other_mappings": sorted(record.versions - {policy.version}),
        "deadline": ticket.due_at,
        "deadline_by_hand": ticket.due_by_hand,
        "changes": _changes(stamps, class_title),
        "clocks": [_clock(reading) for reading in readings],
    }


def _changes(stamps: Iterable[Stamp], class_title: Any) -> list[dict[str, Any]]:
    """Each class and topic it was in, since when, and who put it there."""
    from connector.domain.ticket import What

    found: list[dict[str, Any]] = []
    for each in stamps:
        if each.what in (What.CLASS, What.TOPIC):
            title = class_title(each.value) if each.what is What.CLASS else each.value
            first = not any(row["what"] == each.what.value for row in found) and each.what is What.CLASS
            by = each.by or ("as it was opened" if first else "on the board")
            found.append({"at": each.at, "what": each.what.value, "key": each.value, "title": title, "by": by})
    return found


def _clock(reading: Reading) -> dict[str, Any]:
    from connector.domain.clock import explained as stretches

    spans = [
        {"from": each.begins, "to": each.ends, "seconds": (each.ends - each.begins).total_seconds(),
         "pause": each.pause.value if each.pause else None}
        for each in stretches(reading)
    ]  # fmt: skip
    paused: dict[str, float] = {}
    for span in spans:
        if span["pause"]:
            paused[str(span["pause"])] = paused.get(str(span["pause"]), 0.0) + float(str(span["seconds"]))
    return {
        "measure": reading.measure.value,
        "class": reading.service_class,
        "target": reading.target.total_seconds() if reading.target is not None else None,
        "calendar": "working" if reading.hours is not None else "calendar",
        "begins": reading.begins,
        "ends": reading.ends,
        "state": reading.state.value,
        "since": reading.at,
        "due": reading.due,
        "at_risk": reading.at_risk,
        "counted": reading.used.total_seconds(),
        "paused": paused,
        "elapsed": ((reading.ends or max(reading.read_at, reading.begins)) - reading.begins).total_seconds(),
        "spans": spans,
    }


def _print(found: dict[str, Any]) -> None:
    for line in head(found):
        print(line)
    for clock in found["clocks"]:
        print()
        print(verdict(clock, found["zone"]))
        print_table(("from", "to", "length", ""), spans(clock, found["zone"]))
        print(sums(clock))


def head(found: dict[str, Any]) -> list[str]:
    """What request it is, and who put it into which class when."""
    card = found["card"] or "no card yet"
    lines = [
        f"request   #{found['number']} ({found['request']}), {card}: {found['subject']}",
        f"class     {found['class_title']} ({found['class']}), topic {found['topic']}, {found['phase']}",
    ]
    deadline = _local(found["deadline"], found["zone"]) if found["deadline"] else "none"
    by_hand = painted("; the card shows one set by hand", Colour.YELLOW) if found["deadline_by_hand"] else ""
    lines.append(f"deadline  {deadline}{by_hand}")
    lines.append(f"read at   {_local(found['read_at'], found['zone'])}, times in {found['zone']}")
    if found["source"] != "journal":
        lines.append(
            painted("source    what the request itself remembers: the journal holds no more of it", Colour.YELLOW)
        )
    if found["other_mappings"]:
        lines.append(f"mapping   decided under {', '.join(found['other_mappings'])} too: told as today's mapping would")
    for row in found["changes"]:
        lines.append(f"{row['what']:<9} {_local(row['at'], found['zone'])} {row['title']}, {row['by']}")
    return lines


def verdict(clock: dict[str, Any], zone: str) -> str:
    """How one clock stands, in a line."""
    name = MEASURES[clock["measure"]]
    target = f"of {exact(clock['target'])}" if clock["target"] is not None else "without a target"
    counted = f"{exact(clock['counted'])} {target} ({clock['calendar']} time)"
    state, colour = clock["state"], {"met": Colour.GREEN, "breached": Colour.RED}.get(clock["state"])
    if clock["at_risk"]:
        state, colour = "at risk", Colour.YELLOW
    told = painted(state, colour) if colour else state
    due = f", due {_local(clock['due'], zone)}" if clock["due"] is not None else ""
    ends = f" to {_local(clock['ends'], zone)}" if clock["ends"] is not None else ""
    return f"{name}: {told}, {counted}{due}; from {_local(clock['begins'], zone)}{ends}"


def spans(clock: dict[str, Any], zone: str) -> list[tuple[str, str, str, str]]:
    """Each stretch: from, to, how long, and whether it counts or why not."""
    return [
        (_local(row["from"], zone), _local(row["to"], zone), exact(row["seconds"]), _REASONS[row["pause"]])
        for row in clock["spans"]
    ]


def sums(clock: dict[str, Any]) -> str:
    """What counted and what did not, and that both are all the time there was."""
    paused = sum(clock["paused"].values())
    reasons = ", ".join(f"{_REASONS[reason]} {exact(seconds)}" for reason, seconds in clock["paused"].items())
    tail = f" ({reasons})" if reasons else ""
    return f"  counted {exact(clock['counted'])} + paused {exact(paused)}{tail} = {exact(clock['elapsed'])}"


def _local(at: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
