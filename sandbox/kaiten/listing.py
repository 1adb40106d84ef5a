"""Which cards a list shows, in what order: the query parameters of `GET /cards`.

https://developers.kaiten.ru/cards/retrieve-card-list
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from sandbox.kaiten import schema, structured_filter
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, User
from sandbox.kaiten.http import LARGEST_PAGE
from sandbox.kaiten.problems import bad_request

Test = Callable[[Card], bool]
Query = Mapping[str, str]

ID_FILTERS: dict[str, Callable[[Company, Card], set[int | None]]] = {
    "board_id": lambda company, card: {card.board_id},
    "space_id": lambda company, card: {company.boards[card.board_id].space_id},
    "column_id": lambda company, card: {card.column_id, company.columns[card.column_id].column_id},
    "column_ids": lambda company, card: {card.column_id, company.columns[card.column_id].column_id},
    "lane_id": lambda company, card: {card.lane_id},
    "owner_id": lambda company, card: {card.owner_id},
    "owner_ids": lambda company, card: {card.owner_id},
    "responsible_id": lambda company, card: set(card.responsible_ids),
    "responsible_ids": lambda company, card: set(card.responsible_ids),
    "member_ids": lambda company, card: {member.user_id for member in card.members},
    "type_id": lambda company, card: {card.type_id},
    "type_ids": lambda company, card: {card.type_id},
    "tag_ids": lambda company, card: set(card.tag_ids),
    "states": lambda company, card: {card.state},
    "condition": lambda company, card: {card.condition},
}
"""The card is shown when one of the given numbers is among these. `lane_ids` is no parameter, so it is ignored."""

EXCLUSIONS: dict[str, Callable[[Card], int]] = {
    "exclude_board_ids": lambda card: card.board_id,
    "exclude_lane_ids": lambda card: card.lane_id,
    "exclude_column_ids": lambda card: card.column_id,
    "exclude_card_ids": lambda card: card.id,
    "exclude_owner_ids": lambda card: card.owner_id,
}

DATES: dict[str, Callable[[Card], datetime | None]] = {
    "created": lambda card: card.created,
    "updated": lambda card: card.updated,
    "due_date": lambda card: card.due_date,
    "first_moved_in_progress": lambda card: card.first_moved_to_in_progress_at,
    "last_moved_to_done_at": lambda card: card.last_moved_to_done_at,
}
"""Each takes `…_after` and `…_before`, both inclusive."""

FLAGS: dict[str, Callable[[Card, datetime], bool]] = {
    "asap": lambda card, now: card.asap,
    "is_request": lambda card, now: card.service_id is not None,
    "with_due_date": lambda card, now: card.due_date is not None,
    "overdue": lambda card, now: card.due_date is not None and (card.completed_at or now) > card.due_date,
    "done_on_time": lambda card, now: (
        card.completed_at is not None and card.due_date is not None and card.completed_at <= card.due_date
    ),
}

ORDERS: dict[str, Callable[[Card], Any]] = {
    name: attrgetter(name)
    for name in (
        *("id", "created", "updated", "comment_last_added_at", "due_date", "sort_order", "title", "state"),
        *("last_moved_at", "column_changed_at", "lane_changed_at", "completed_at", "last_moved_to_done_at"),
        *("first_moved_to_in_progress_at", "comments_total", "version", "owner_id", "type_id", "board_id"),
    )
}
"""The fields a list can be ordered by; another name is ignored."""


def find(company: Company, user: User, query: Query) -> list[Card]:
    """All cards that fit, ordered, not yet cut into pages. Unknown parameters widen the result, as in reality."""
    tests = _tests(company, query)
    seen = company.index.view(company.cards, company.now(), company.settings.list_lag_seconds)
    found = [card for card in seen if company.sees_card(user, card) and all(test(card) for test in tests)]
    return _ordered(company, found, query)


def number(query: Query, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise bad_request(f"{name} should be integer")
    return int(text)


def cut(company: Company, query: Query, cards: list[Card]) -> list[Card]:
    offset = number(query, "offset", 0)
    return cards[offset : offset + min(number(query, "limit", LARGEST_PAGE), company.settings.largest_page)]


def _tests(company: Company, query: Query) -> list[Test]:
    tests: list[Test] = [_archive_test(company, query), lambda card: card.condition != 3]
    now = company.now()
    for name, ids in ID_FILTERS.items():
        if name in query:
            tests.append(_among(company, ids, _numbers(query, name)))
    for name, number_of in EXCLUSIONS.items():
        if name in query:
            tests.append(_not_among(number_of, _numbers(query, name)))
    for name, date_of in DATES.items():
        if f"{name}_after" in query:
            tests.append(_since(date_of, _moment(query, f"{name}_after")))
        if f"{name}_before" in query:
            tests.append(_until(date_of, _moment(query, f"{name}_before")))
    for name, flag in FLAGS.items():
        if name in query:
            tests.append(_flagged(flag, now, _flag(query, name)))
    if "external_id" in query:
        tests.append(lambda card: card.external_id == query["external_id"])
    if "tag" in query:
        tests.append(lambda card: query["tag"] in {company.tags[tag_id].name for tag_id in card.tag_ids})
    if "filter" in query:
        tests.append(structured_filter.parse(company, query["filter"]))
    if "query" in query:
        tests.append(_text_test(company, query))
    return tests


def _among(company: Company, ids: Callable[[Company, Card], set[int | None]], wanted: set[int | None]) -> Test:
    return lambda card: bool(ids(company, card) & wanted)


def _not_among(number_of: Callable[[Card], int], unwanted: set[int | None]) -> Test:
    return lambda card: number_of(card) not in unwanted


def _since(date_of: Callable[[Card], datetime | None], at: datetime) -> Test:
    return lambda card: (found := date_of(card)) is not None and found >= at


def _until(date_of: Callable[[Card], datetime | None], at: datetime) -> Test:
    return lambda card: (found := date_of(card)) is not None and found <= at


def _flagged(flag: Callable[[Card, datetime], bool], now: datetime, wanted: bool) -> Test:
    return lambda card: flag(card, now) == wanted


def _archive_test(company: Company, query: Query) -> Test:
    """Without `archived` or `condition` the archive stays out, unless the stand-in is set to mix it in."""
    if "archived" in query:
        archived = _flag(query, "archived")
        return lambda card: (card.condition == 2) == archived
    if "condition" in query or company.settings.archived_in_default_list:
        return lambda card: True
    return lambda card: card.condition == 1


def _text_test(company: Company, query: Query) -> Test:
    if "board_id" in query and company.settings.query_with_board_finds_nothing:
        return lambda card: False
    words = query["query"].lower()

    def test(card: Card) -> bool:
        texts = [card.title, card.description or "", str(card.id)]
        texts += [comment.text for comment in company.card_comments(card.id)]
        return any(words in text.lower() for text in texts)

    return test


def _ordered(company: Company, cards: list[Card], query: Query) -> list[Card]:
    """By the asked fields. Without `order_by` the order is documented nowhere: here it is arbitrary but stable."""
    if "order_by" not in query:
        return sorted(cards, key=lambda card: card.uid)
    names = query["order_by"].split(",")
    directions = query.get("order_direction", "asc").split(",")
    ordered = sorted(cards, key=lambda card: card.id)
    for position in reversed(range(len(names))):
        of = ORDERS.get(names[position])
        if of is None:
            continue
        descending = directions[min(position, len(directions) - 1)] == "desc"
        valued = [card for card in ordered if of(card) is not None]
        empty = [card for card in ordered if of(card) is None]
        valued.sort(key=of, reverse=descending)
        empty_first = descending and company.settings.nulls_in_descending_order == "first"
        ordered = empty + valued if empty_first else valued + empty
    return ordered


def _numbers(query: Query, name: str) -> set[int | None]:
    parts = [part.strip() for part in query[name].split(",") if part.strip()]
    if not all(part.lstrip("-").isdecimal() for part in parts):
        raise bad_request(f"{name} should be integer")
    return {int(part) for part in parts}


def _moment(query: Query, name: str) -> datetime:
    try:
        found = schema.moment(query[name])
    except ValueError as wrong:
        raise bad_request(f"{name} {wrong}") from None
    assert isinstance(found, datetime)
    return found


def _flag(query: Query, name: str) -> bool:
    if query[name] not in ("true", "false"):
        raise bad_request(f"{name} should be boolean")
    return query[name] == "true"
