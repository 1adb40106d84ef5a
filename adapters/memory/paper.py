"""Sections as the text of a comment, each behind its signature, and one of them put in the place of its former self."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connector.domain.effects import Section
from connector.domain.signature import sign, signatures, unsigned

_GAP = "\n\n"


def page(sections: Sequence[Section]) -> str:
    """The sections below one another."""
    return _GAP.join(_signed(section) for section in sections)


def rewritten(raw: str, section: Section) -> str:
    """The comment with the section's new words; the other sections stay letter for letter."""
    found = signatures(raw)
    pieces = re.split("|".join(map(re.escape, dict.fromkeys(found))), raw) if found else [raw]
    out = [pieces[0]]
    for place, signature in enumerate(found):
        last = place == len(found) - 1
        words = pieces[place + 1]
        out.append(_signed(section) + ("" if last else _GAP) if signature == sign(section.key) else signature + words)
    return "".join(out)


def _signed(section: Section) -> str:
    # What people copy may hold a signature of ours: in their words it must not speak for us.
    lines = [line for line in (unsigned(section.head), unsigned(section.text.plain)) if line]
    return sign(section.key) + "\n".join(lines)
