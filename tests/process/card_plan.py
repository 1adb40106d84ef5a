"""What a card must look like, reckoned from the example mapping's own YAML and nothing of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
BEGIN, END = "⟦▾▾▾⟧", "⟦▴▴▴⟧"
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Asker:
    """A client as the card shows them."""

    name: str
    username: str | None
    language: str
    cabinet: str


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A request that was there before, as the block on a later card tells of it."""

    number: int
    subject: str
    topic: str
    opened: datetime
    link: str
    own: bool
    closed: datetime | None = None
    answer: str = ""
    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A topic nobody has to choose further in; `path` are the titles tapped to get there, by language."""

    key: str
    path: dict[str, tuple[str, ...]]
    title: str
    said: dict[str, Any]


def leaves(mapping: dict[str, Any]) -> list[Leaf]:
    """Every topic at the end of the menu, with what it takes from the group above it."""

    def below(topics: dict[str, Any], path: dict[str, tuple[str, ...]], above: dict[str, Any]) -> list[Leaf]:
        found: list[Leaf] = []
        for key, own in topics.items():
            said = {**{name: value for name, value in above.items() if name not in ("topics", "title")}, **own}
            here = {tongue: (*path[tongue], own["title"][tongue]) for tongue in path}
            if "topics" in own:
                found += below(own["topics"], here, said)
            else:
                found.append(Leaf(key=key, path=here, title=own["title"]["ru"], said=said))
        return found

    return below(mapping["topics"], {"ru": (), "en": ()}, {})


def plan(
    mapping: dict[str, Any],
    leaf: Leaf,
    asker: Asker,
    number: int,
    words: str,
    written: datetime,
    earlier: list[Earlier],
    queues: dict[str, str],
) -> dict[str, Any]:
    """The card by the YAML. `queues`: board → its first column; `earlier` newest first."""
    zone = ZoneInfo(mapping["hours"]["zone"])
    service = mapping["classes"][leaf.said["class"]]
    lines = [f"Клиент: {asker.name}"]
    if asker.username:
        lines.append(f"Telegram: @{asker.username} https://t.me/{asker.username}")
    lines += [f"Кабинет: {asker.cabinet}", f"Язык: {asker.language}", f"Обращение: №{number}", f"Тема: {leaf.title}"]
    parts = ["\n".join(lines), words]
    if earlier:
        parts.append("\n".join((BEGIN, *_block(earlier, mapping["history"]["shown"], zone), END)))
    return {
        "board": leaf.said["board"],
        "column": leaf.said.get("column", queues[leaf.said["board"]]),
        "lane": service["lane"],
        "title": mapping["card"]["title"].replace("{words}", words),
        "description": "\n\n".join(parts),
        "responsible": [mapping["source"]["responsible"]],
        "tags": sorted(_tags(mapping, leaf, asker, words)),
        "due": due_of(mapping, service, written),
        "due_to_the_minute": True,
        "properties": {
            mapping["source"]["field"]: [mapping["source"]["option"]],
            mapping["fields"]["cabinet"]: asker.cabinet,
            mapping["fields"]["client"]: asker.name,
        },
    }


def _block(earlier: list[Earlier], most: int, zone: ZoneInfo) -> list[str]:
    lines = ["Прежние обращения:"]
    for past in earlier[:most]:
        since = f"{past.opened.astimezone(zone):%d.%m.%Y}"
        line = f"№{past.number} «{past.subject}» · {past.topic} · "
        if past.closed is None:
            line += f"с {since} · открыто"
        else:
            line += f"{since} – {past.closed.astimezone(zone):%d.%m.%Y} · решено"
        line += f" {past.emoji}" if past.emoji else ""
        line += "" if past.own else " (другой чат кабинета)"
        lines.append(f"{line} {past.link}")
        if past.answer and past.closed is not None:
            lines.append(f"→ {past.answer}")
    if len(earlier) > most:
        lines.append(f"…и ещё: {len(earlier) - most}")
    return lines


def _tags(mapping: dict[str, Any], leaf: Leaf, asker: Asker, words: str) -> set[str]:
    tags = {*leaf.said["tags"], mapping["cabinet"]["tag"].replace("{cabinet}", asker.cabinet)}
    for label in mapping["labels"]:
        if leaf.key in label["topics"] and any(re.search(each, words.lower()) for each in label["words"]):
            tags.add(label["tag"])
    return tags


def due_of(mapping: dict[str, Any], service: dict[str, Any], written: datetime) -> datetime:
    """Minute after minute from the client's words on, counting those that are worked."""
    assert service["clock"] == "working"
    hours = mapping["hours"]
    assert set(hours["week"]) == {"mon-fri"}, "the oracle reads no other week"
    worked = [tuple(time.fromisoformat(end) for end in span.split("-")) for span in hours["week"]["mon-fri"]]
    day = sum(
        (datetime.combine(written, till) - datetime.combine(written, since) for since, till in worked), MINUTE * 0
    )
    length, unit = int(service["resolution"][:-1]), service["resolution"][-1]
    left = {"m": MINUTE * length, "h": MINUTE * 60 * length, "d": day * length}[unit]
    zone = ZoneInfo(hours["zone"])
    free = holidays.country_holidays(hours["country"], years=range(written.year, written.year + 2))
    now = written.astimezone(UTC)
    while True:
        after = now.replace(second=0, microsecond=0) + MINUTE
        local = now.astimezone(zone)
        date = local.date()
        if date in hours["working"]:
            at_work = True
        else:
            at_work = local.weekday() < _WEEK.index("sat") and date not in free and date not in hours["closed"]
        if at_work and any(since <= local.time() < till for since, till in worked):
            if left <= after - now:
                return now + left
            left -= after - now
        now = after


def shown(card: dict[str, Any], lane: str) -> dict[str, Any]:
    """The same of a card as the board has it."""
    return {
        "board": card["board"],
        "column": card["column"],
        "lane": lane,
        "title": card["title"],
        "description": card["description"],
        "responsible": [each["full_name"] for each in card["members"] if each["responsible"]],
        "tags": sorted(each["name"] for each in card["tags"]),
        "due": datetime.fromisoformat(card["due_date"]),
        "due_to_the_minute": card["due_date_time_present"],
        "properties": card["properties"],
    }
