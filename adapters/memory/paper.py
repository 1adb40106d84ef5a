"""Sections as the text of a comment, each behind its signature, and one of them put in the place of its former self."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.effects import Section
from connector.domain.refs import Key
from connector.domain.signature import SIGNATURE_LENGTH, sign, signatures, unsigned
from connector.domain.words import Style, Text

_GAP = "\n\n"


def page(sections: Sequence[Section]) -> str:
    """The sections below one another."""
    return _GAP.join(_signed(section) for section in sections)


def rewritten(raw: str, section: Section) -> str:
    """The comment with the section's new words; the other sections stay letter for letter."""
    stretches = _stretches(raw)
    own = sign(section.key)
    if own in stretches:
        stretches[own] = _signed(section) + _end(stretches[own])
    return "".join(stretches.values())


def continued(raw: str, section: Section, order: Key) -> str:
    """The comment with head and words below what the section says already; the same when `order` did that before.

    What continues a section begins with the section's signature and, right behind it, that of the order.
    """
    stretches = _stretches(raw)
    own = sign(section.key)
    if own in stretches and sign(order) not in raw:
        words = stretches[own]
        stretches[own] = words.rstrip("\n") + _GAP + own + sign(order) + _words(section) + _end(words)
    return "".join(stretches.values())


def _stretches(raw: str) -> dict[str, str]:
    """The comment by the signature each section begins with, in order; "" is what stands before the first."""
    found = signatures(raw)
    starts = [raw.index(each) for each in dict.fromkeys(found)]
    starts = [at for at in starts if raw[max(at - SIGNATURE_LENGTH, 0) : at] not in found]
    ends = [*starts[1:], len(raw)]
    return {"": raw[: min(starts, default=len(raw))]} | {
        raw[at : at + SIGNATURE_LENGTH]: raw[at:end] for at, end in zip(starts, ends, strict=True)
    }


def _end(words: str) -> str:
    return words[len(words.rstrip("\n")) :]


def _signed(section: Section) -> str:
    return sign(section.key) + _words(section)


def _words(section: Section) -> str:
    # What people copy may hold a signature of ours: in their words it must not speak for us.
    return "\n".join(line for line in (unsigned(section.head), unsigned(_quoted(section.text))) if line)


def _quoted(text: Text) -> str:
    """The text with a `>` before each line in which somebody else is quoted."""
    quotes = [(span.start, span.start + span.length) for span in text.spans if span.style is Style.QUOTE]
    if not quotes:
        return text.plain
    lines, at = [], 0
    for line in text.plain.split("\n"):
        theirs = any(start < at + len(line) and at < end for start, end in quotes)
        lines.append(f"> {line}" if theirs else line)
        at += len(line) + 1
    return "\n".join(lines)
