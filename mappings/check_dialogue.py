"""Whether what the bot does of itself makes sense: reactions, ratings, triggers, quiet hours."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.check_hours import zone_problem
from mappings.problems import Problem, Severity, shown
from mappings.reactions import NO_REACTION, REACTIONS, reaction_of
from mappings.schema import Content, Rating
from mappings.source import Source
from mappings.texts import check_placeholders, placeholders
from mappings.validate import Validated

MARK_BYTES = 24
"""A button of a rating carries the mark's key besides the number of the request."""
_OF_THE_CLIENT = frozenset({"name"})
_OF_A_REQUEST = frozenset({"number", "subject"})


def check_dialogue(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """Everything wrong with the keys of the dialogue that the schema cannot see."""
    yield from _receipts(source, content)
    if content.rating is not None:
        yield from _marks(source, content.rating)
        yield from _store(source, content, content.rating, validated)
    yield from _empty_facts(source, content, validated)
    yield from _triggers(source, content)
    yield from _quiet_hours(source, content, validated)


def _receipts(source: Source, content: Content) -> Iterator[Problem]:
    for name in ("emoji", "on_card", "answered", "failed"):
        emoji = getattr(content.receipts, name)
        if emoji.strip() != NO_REACTION and reaction_of(emoji) is None:
            yield source.problem(
                ("receipts", name), code="reaction", found=f"{shown(emoji)}, no reaction of Telegram's",
                expected=f"none, or one of: {' '.join(REACTIONS)}", remedy="choose one of these, or write none",
            )  # fmt: skip


def _marks(source: Source, rating: Rating) -> Iterator[Problem]:
    if not rating.marks:
        yield source.problem(
            ("rating", "marks"), code="empty", found="an empty list", expected="at least one mark",
            remedy="write for example [{emoji: 🙁, low: true}, {emoji: 🙂}], or remove the line",
        )  # fmt: skip
    keys: dict[str, int] = {}
    faces: dict[str, int] = {}
    for index, mark in enumerate(rating.marks):
        place = ("rating", "marks", index)
        key, face = (mark.key or mark.emoji).strip(), mark.emoji.strip()
        size = len(key.encode())
        if size > MARK_BYTES or ":" in key or " " in key:
            yield source.problem(
                (*place, "emoji" if mark.key is None else "key"), code="mark-key",
                found=f"{shown(key)}, {size} bytes long",
                expected=f"a key of at most {MARK_BYTES} bytes without colons and blanks, because a button carries it",
                remedy="write a short `key` for this mark",
            )  # fmt: skip
        if keys.setdefault(key, index) + faces.setdefault(face, index) < 2 * index:
            yield source.problem(
                place, code="mark-twice", found=f"{shown(mark.emoji)} with the key {shown(key)} once more",
                expected="a key and an emoji of its own for each mark", remedy="change or remove one of the two",
            )  # fmt: skip


def _store(source: Source, content: Content, rating: Rating, validated: Validated) -> Iterator[Problem]:
    if rating.store == "field" and content.fields.rating is None and validated.sound(("fields", "rating")):
        yield source.problem(
            ("rating", "store"), code="rating-field", found='"field", but no `fields.rating`',
            expected="the card field that takes the mark",
            remedy="add `rating: …` under `fields`, or store it otherwise",
        )  # fmt: skip
    if rating.tag is None:
        return
    if rating.store != "tag":
        yield source.problem(
            ("rating", "tag"), code="rating-tag", found=f"a tag, but `store: {rating.store}`", expected="`store: tag`",
            remedy="write `store: tag`, or remove this line", key=True,
        )  # fmt: skip
    if placeholders(rating.tag) != ("mark",):
        yield source.problem(
            ("rating", "tag"), code="text-placeholder", found=shown(rating.tag), expected="a tag with {mark} in it",
            remedy="write {mark} where the emoji belongs, and no other braces",
        )  # fmt: skip


def _empty_facts(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    verified = content.cabinet is not None and content.cabinet.verify is not None
    rated = content.rating is not None and content.rating.store == "field"
    for fact, known, origin in (
        ("phone", content.contact != "none" or not validated.sound(("contact",)), "contact: optional"),
        ("verified", verified or not validated.sound(("cabinet",)), "cabinet.verify"),
        ("rating", rated or not validated.sound(("rating",)), "rating: {store: field}"),
    ):
        if getattr(content.fields, fact) is not None and not known:
            yield source.problem(
                ("fields", fact), code="fact-empty", found=f"a field for the fact {fact}, but no `{origin}`",
                expected=f"`{origin}`: without it the field stays empty",
                remedy=f"add `{origin}`, or remove this line", severity=Severity.WARNING,
            )  # fmt: skip


def _triggers(source: Source, content: Content) -> Iterator[Problem]:
    for key, trigger in content.triggers.items():
        steps = ("triggers", key)
        if trigger.close and trigger.when != "waiting":
            yield source.problem(
                (*steps, "close"), code="trigger-close", found=f"`close: true` with `when: {trigger.when}`",
                expected="`close` with `when: waiting` only: nothing else leaves a request to be closed",
                remedy="remove this line, or write `when: waiting`",
            )  # fmt: skip
        allowed = _OF_THE_CLIENT if trigger.when == "registered" else _OF_THE_CLIENT | _OF_A_REQUEST
        for language, text in trigger.text.items():
            yield from check_placeholders(source, (*steps, "text", language), text, allowed, elsewhere=_OF_A_REQUEST)


def _quiet_hours(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    quiet = content.quiet_hours
    if quiet is None:
        return
    if quiet.from_ == quiet.to:
        yield source.problem(
            ("quiet_hours", "to"), code="quiet-hours", found="an end that is the beginning too",
            expected="two times of day; the second may lie on the next day",
            remedy='write for example `from: "21:00"` and `to: "09:00"`',
        )  # fmt: skip
    if quiet.zone is not None:
        problem = zone_problem(source, ("quiet_hours", "zone"), quiet.zone)
        if problem is not None:
            yield problem
    elif content.hours is None and validated.sound(("hours",)) and ("quiet_hours", "zone") not in validated.meant:
        yield source.problem(
            ("quiet_hours", "zone"), code="missing-key", found='no key "zone" here, and no `hours` to take it from',
            expected="a time zone by its IANA name, such as Europe/Moscow", remedy="add the line `zone: …`",
        )  # fmt: skip
