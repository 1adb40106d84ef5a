"""Sections as comments: cut to size and signed, one put in the place of its former self, one continued."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from adapters.kaiten.markdown import clean, fitting, shortened, to_markdown, units
from adapters.kaiten.texts import read_html, read_markdown
from connector.domain.effects import Section
from connector.domain.refs import Key
from connector.domain.signature import SIGNATURE_LENGTH, sign, signatures, unsigned
from connector.domain.words import File, Text

COMMENT_LIMIT = 4096
_HEAD_LIMIT = 512
_BETWEEN = "\n\n"

WORDS = {
    "more": "…",
    "too_big": "файл «{name}», {size}: слишком большой для бота, не передан",
    "unobtainable": "файл «{name}»: бот не может его получить, не передан",
    "not_fetched": "файл «{name}»: получить не удалось, не передан",
    "not_taken": "файл «{name}»: доска его не приняла, не передан",
}
"""What the adapter itself has to say to agents about a comment."""


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
    """What stands before the words of the `number`th part."""
    return _headed(sign(part_key(section.key, number)), section.head if number == 1 else "", has_words)


def _headed(signature: str, head: str, has_words: bool) -> str:
    """The signature inside the head line's bold marks, where no trimming reaches it; alone where there is no head."""
    head = shortened(" ".join(unsigned(head).split()), _HEAD_LIMIT, WORDS["more"])
    if not head:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """Where a section goes on: in this comment, which then has this text; `already`: an earlier attempt did it."""

    comment: int
    text: str
    already: bool


def continued(
    existing: Mapping[int, str], section: Section, order: Key, limit: int = COMMENT_LIMIT
) -> Continued | None:
    """How to put head and words below what a section of ours (`existing`: id → text) says already.

    None where there is no such section or no room left under it, and where `order` has a comment of its own already.
    """
    comments = {number: _segments(text) for number, text in existing.items()}
    own = sign(order)
    if any(own in segments for segments in comments.values()):
        return None
    for number, text in existing.items():
        if own in text:
            return Continued(comment=number, text=text, already=True)
    last: tuple[int, str] | None = None
    for number in count(1):
        signature = sign(part_key(section.key, number))
        found = next((known for known, segments in comments.items() if signature in segments), None)
        if found is None:
            break
        last = (found, signature)
    if last is None:
        return None
    holder, signature = last
    words = _own_words(section.text)
    segment = comments[holder][signature]
    addition = clean(_headed(signature + own, section.head, bool(words)) + to_markdown(words))
    comments[holder][signature] = segment.rstrip("\n") + _BETWEEN + addition + _tail(segment)
    text = "".join(comments[holder].values())
    return Continued(comment=holder, text=text, already=False) if units(text) <= limit else None


def _segments(text: str) -> dict[str, str]:
    """A comment's text by the signature of each stretch, in order; "" is what stands before the first.

    What continues a section (its signature again, with that of the order right behind it) is part of its stretch.
    """
    starts: list[tuple[int, str]] = []
    found = signatures(text)
    for signature in dict.fromkeys(found):
        at = text.index(signature)
        if text[max(at - SIGNATURE_LENGTH, 0) : at] in found:
            continue
        if text[max(at - 2, 0) : at] == "**" and (at == 2 or text[at - 3] == "\n"):
            at -= 2
        starts.append((at, signature))
    if not starts:
        return {"": text}
    segments = {"": text[: starts[0][0]]}
    ends = [at for at, _ in starts[1:]] + [len(text)]
    segments.update({signature: text[at:end] for (at, signature), end in zip(starts, ends, strict=True)})
    return segments


def _tail(words: str) -> str:
    return words[len(words.rstrip("\n")) :]


def alike(stored: str, written: str) -> bool:
    """Whether what a server keeps is what we wrote, where signatures did not survive.

    It may keep the text as it was, or as HTML, with the Markdown in it carried out or shown as it was typed.
    """
    kept = {stored, read_html(stored).plain, read_markdown(stored).plain}
    meant = {written, read_markdown(written).plain}
    return not {_visible(text) for text in kept}.isdisjoint(map(_visible, meant))


def _visible(text: str) -> str:
    """What a reader sees of a text."""
    shown = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(shown.replace("*", "").split())


assert SIGNATURE_LENGTH + _HEAD_LIMIT + 8 < COMMENT_LIMIT
