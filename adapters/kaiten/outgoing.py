"""Orders as Kaiten's JSON: the body of a new card, comments cut to size and signed, a changed section put in place."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.kaiten.incoming import whole
from adapters.kaiten.markdown import clean, fitting, shortened, units
from connector.domain.effects import CreateCard, FieldValue, Section, Spot
from connector.domain.layout import CardField, FieldKind
from connector.domain.refs import Key
from connector.domain.signature import SIGNATURE_LENGTH, sign, signatures, unsigned
from connector.domain.words import File, Text

TITLE_LIMIT = 1024
DESCRIPTION_LIMIT = 32768
COMMENT_LIMIT = 4096
TAG_LIMIT = 128
_HEAD_LIMIT = 512
_BETWEEN = "\n\n"

WORDS = {
    "cut": "\n… (текст сокращён: он длиннее, чем вмещает карточка)",
    "more": "…",
    "too_big": "файл «{name}», {size}: слишком большой для бота, не передан",
    "unobtainable": "файл «{name}»: бот не может его получить, не передан",
    "not_fetched": "файл «{name}»: получить не удалось, не передан",
    "not_taken": "файл «{name}»: доска его не приняла, не передан",
}
"""What the adapter itself has to say to agents."""

_log = logging.getLogger(__name__)


# ---- a card


def card_body(effect: CreateCard, spot: Spot, known: Mapping[str, CardField]) -> dict[str, object]:
    """The body of a new card; `known` are the card fields of the layout by id.

    https://developers.kaiten.ru/cards/create-new-card
    """
    title = " ".join(effect.title.split()) or effect.external_id
    body: dict[str, object] = {
        "title": shortened(clean(title), TITLE_LIMIT, WORDS["more"]),
        "description": shortened(clean(effect.description), DESCRIPTION_LIMIT, WORDS["cut"]),
        "external_id": effect.external_id,
        **place_body(spot),
    }
    if spot.responsible is not None:
        body["responsible_id"] = _id(spot.responsible)
    if effect.due_at is not None:
        body["due_date"] = timestamp(effect.due_at)
        body["due_date_time_present"] = True
    properties = {}
    for name, value in spot.fields.items():
        number = name.removeprefix("id_")
        shaped = property_value(value, known.get(number))
        if shaped is None:  # a wrong shape would cost the whole card
            _log.warning("card %s: field %s cannot hold %r and stays empty", effect.external_id, number, value)
        else:
            properties[f"id_{number}"] = shaped
    if properties:
        body["properties"] = properties
    return body


def place_body(spot: Spot) -> dict[str, object]:
    """Board, column and lane, as far as they are told."""
    place = {"board_id": spot.board, "column_id": spot.column, "lane_id": spot.lane}
    return {name: _id(value) for name, value in place.items() if value is not None}


def property_value(value: FieldValue, known: CardField | None) -> object:
    """The value in the shape Kaiten wants for the field's kind; None where it has none.

    https://developers.kaiten.ru/cards/create-new-card (properties)
    """
    match known.kind if known else _kind_by_look(value):
        case FieldKind.SELECT | FieldKind.USER:
            return _choices(value, known.options if known else ())
        case FieldKind.NUMBER:
            return _figure(value)
        case FieldKind.CHECKBOX:
            return value if isinstance(value, bool) else str(value).strip().casefold() in ("1", "true", "yes", "да")
        case FieldKind.DATE:
            return _date(value)
        case FieldKind.STRING:
            if isinstance(value, datetime):
                return value.isoformat(sep=" ", timespec="minutes")
            if isinstance(value, float) and value.is_integer():
                return str(int(value))
            return clean(", ".join(value) if isinstance(value, tuple) else str(value)) or None
        case FieldKind.OTHER:
            return (
                list(value) if isinstance(value, tuple) else timestamp(value) if isinstance(value, datetime) else value
            )


def _kind_by_look(value: FieldValue) -> FieldKind:
    match value:
        case bool():
            return FieldKind.CHECKBOX
        case int() | float():
            return FieldKind.NUMBER
        case datetime():
            return FieldKind.DATE
        case tuple():
            return FieldKind.SELECT
        case _:
            return FieldKind.STRING


def _choices(value: FieldValue, options: Sequence[tuple[str, str]]) -> object:
    """Always a list of ids, even for one choice; a title is looked up."""
    by_title = {title.strip().casefold(): number for number, title in options}
    chosen = []
    for choice in value if isinstance(value, tuple) else (str(value),):
        number = whole(by_title.get(choice.strip().casefold(), choice))
        if number is None:
            return None
        chosen.append(number)
    return chosen or None


def _figure(value: FieldValue) -> object:
    if isinstance(value, datetime | tuple):
        return None
    try:
        figure = float(value)
    except ValueError:
        return None
    return int(figure) if figure.is_integer() else figure


def _date(value: FieldValue) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    offset = value.utcoffset()
    return {
        "date": value.strftime("%Y-%m-%d"),
        "time": value.strftime("%H:%M"),
        "tzOffset": None if offset is None else int(offset.total_seconds() // 60),
    }


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Kaiten writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(value: str) -> int | str:
    number = whole(value)
    return value if number is None else number


# ---- comments


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One comment to be written: its text, the signatures in it, and the files of the sections that begin in it."""

    text: str
    signs: tuple[str, ...]
    files: tuple[File, ...] = ()


def part_key(section: Key, number: int) -> Key:
    """The key that signs the `number`th part of a section cut into several comments."""
    return section if number == 1 else Key(f"{section}/{number}")


def noted(section: Section, notes: Sequence[str]) -> Section:
    """The section with a line for each file that could not come along."""
    if not notes:
        return section
    plain = "\n".join(filter(None, (section.text.plain, *notes)))
    return replace(section, text=Text(plain=plain, spans=section.text.spans))


def too_big_note(file: File) -> str:
    """The line for a file whose bytes the other tool will not hand out."""
    if file.size is None:
        return WORDS["unobtainable"].format(name=file.name)
    return WORDS["too_big"].format(name=file.name, size=human_size(file.size))


def human_size(size: int) -> str:
    """Bytes for people: "25,3 МБ"."""
    amount, unit = float(size), "Б"
    for bigger in ("КБ", "МБ", "ГБ"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, bigger
    return f"{size} Б" if unit == "Б" else f"{amount:.1f} {unit}".replace(".", ",")


def pages(sections: Sequence[Section], limit: int = COMMENT_LIMIT) -> tuple[Page, ...]:
    """The sections as comments of at most `limit` UTF-16 units, joined where they fit, cut where they must be."""
    done: list[Page] = []
    for section in sections:
        rest = list(_parts(section, limit))
        first = rest[0]
        last = done[-1] if done else None
        if len(rest) == 1 and last and units(last.text) + len(_BETWEEN) + units(first.text) <= limit:
            done[-1] = Page(
                text=last.text + _BETWEEN + first.text,
                signs=last.signs + first.signs,
                files=last.files + first.files,
            )
        else:
            done += rest
    return tuple(done)


def _parts(section: Section, limit: int) -> list[Page]:
    """One section as one or more pages of its own."""
    text = _own_words(section.text)
    found: list[Page] = []
    at = 0
    while not found or at < len(text.plain):
        number = len(found) + 1
        opening = _opening(section, number, bool(text))
        words, at = fitting(text, at, limit - units(opening))
        found.append(
            Page(
                text=clean(opening + words),
                signs=(sign(part_key(section.key, number)),),
                files=section.files if number == 1 else (),
            )
        )
    return found


def _opening(section: Section, number: int, has_words: bool) -> str:
    """What stands before the words: the signature inside the head line's bold marks, where no trimming reaches it."""
    signature = sign(part_key(section.key, number))
    head = shortened(" ".join(unsigned(section.head).split()), _HEAD_LIMIT, WORDS["more"])
    if number > 1 or not head:
        return signature
    return f"**{signature}{head}**" + (_BETWEEN if has_words else "")


def _own_words(text: Text) -> Text:
    """The words without signatures someone may have copied into them."""
    return Text(plain=unsigned(text.plain)) if signatures(text.plain) else text


# ---- a changed section


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What changes a section where it stands: new texts of comments, comments to add, comments left without words.

    `holders` are the comments the section begins or goes on in, in order.
    """

    changed: tuple[tuple[int, str], ...]
    added: tuple[Page, ...]
    empty: tuple[int, ...]
    holders: tuple[int, ...]


def plan_edit(existing: Mapping[int, str], section: Section, limit: int = COMMENT_LIMIT) -> Plan:
    """How to replace a section in our comments (`existing`: id → text), leaving other sections letter for letter."""
    comments = {number: _segments(text) for number, text in existing.items()}
    text = _own_words(section.text)
    holders: list[int] = []
    added: list[Page] = []
    touched: set[int] = set()
    at, number = 0, 1
    while number == 1 or at < len(text.plain):
        signature = sign(part_key(section.key, number))
        opening = _opening(section, number, bool(text))
        holder = next((known for known, segments in comments.items() if signature in segments), None)
        if holder is not None:
            others = sum(units(words) for known, words in comments[holder].items() if known != signature)
            room = limit - others - len(_BETWEEN) - units(opening)
            if room >= min(64, units(text.plain[at:])):
                words, at = fitting(text, at, room)
                comments[holder][signature] = clean(opening + words) + _tail(comments[holder][signature])
                holders.append(holder)
                touched.add(holder)
                number += 1
                continue
            del comments[holder][signature]
            touched.add(holder)
        words, at = fitting(text, at, limit - units(opening))
        files = section.files if number == 1 else ()
        added.append(Page(text=clean(opening + words), signs=(signature,), files=files))
        number += 1
    for surplus in range(number, number + 64):  # parts of the old, longer text
        signature = sign(part_key(section.key, surplus))
        for known, segments in comments.items():
            if segments.pop(signature, None) is not None:
                touched.add(known)
    changed = []
    empty = []
    for known in sorted(touched):
        whole_text = "".join(comments[known].values()).rstrip("\n")
        if not whole_text:
            empty.append(known)
        elif whole_text != existing[known].rstrip("\n"):
            changed.append((known, whole_text))
    return Plan(changed=tuple(changed), added=tuple(added), empty=tuple(empty), holders=tuple(holders))


def _segments(text: str) -> dict[str, str]:
    """A comment's text by the signature of each stretch, in order; "" is what stands before the first."""
    starts: list[tuple[int, str]] = []
    for signature in dict.fromkeys(signatures(text)):
        at = text.index(signature)
        if text[max(at - 2, 0) : at] == "**" and (at == 2 or text[at - 3] == "\n"):
            at -= 2
        starts.append((at, signature))
    if not starts:
        return {"": text}
    found = {"": text[: starts[0][0]]}
    ends = [at for at, _ in starts[1:]] + [len(text)]
    found.update({signature: text[at:end] for (at, signature), end in zip(starts, ends, strict=True)})
    return found


def _tail(words: str) -> str:
    return words[len(words.rstrip("\n")) :]


def visible(text: str) -> str:
    """What a reader sees of a comment, for comparison where signatures did not survive."""
    return " ".join(unsigned(text).replace("*", "").split())


assert SIGNATURE_LENGTH + _HEAD_LIMIT + 8 < COMMENT_LIMIT
