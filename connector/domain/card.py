"""What a card shows: its title and description, and a message as a section of a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from connector.domain.client import Client, Kept
from connector.domain.effects import AddComment, Section
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.say import say, size, title
from connector.domain.signature import SIGNATURE_LENGTH
from connector.domain.text import join as joined_text
from connector.domain.text import shorten, split, units
from connector.domain.ticket import Ticket
from connector.domain.words import File, Span, Style, Text, Words

TITLE_LENGTH = 80
"""Characters of the words in a title."""
WHOLE_TITLE_LENGTH = 1024
"""Characters, by https://developers.kaiten.ru/cards/create-new-card"""
DESCRIPTION_LENGTH = 32_768
"""UTF-16 units, by the same page."""
_GAP = "\n\n"
# What a board's markup may want a backslash before.
_MARKUP = str.maketrans("", "", "\\`*_{}[]()#+-.!|<>~&")
_FRAME = 24
"""Characters a section may take around its head and text: emphasis, blank lines, a rule between sections."""
_SPAN = 8
"""Characters the signs of one span may take, its address not counted."""

# In no language, of no markup, without blanks: whatever an editor makes of the text around them, these stay.
BLOCK_BEGIN = "⟦▾▾▾⟧"
BLOCK_END = "⟦▴▴▴⟧"
"""The lines between which the block of earlier requests stands in a description; around it write people."""
_LINK = re.compile(r" ⟦→([^⟦⟧:]+):([^⟦⟧]+)⟧")
_LINK_ROOM = 120
"""Characters a link may take."""
_TITLE_PARTS = re.compile(r"\{(words|number|client|cabinet|topic)\}")
# A part that is empty takes along the brackets around it, the sign before it, and what divides it from its neighbour.
_NOTHING = "\0"
_DIVIDERS = r"[\s·|/,;:—–-]*"
_EMPTY_PARTS = (
    (re.compile(rf"[(\[«\"<]\s*{_NOTHING}\s*[)\]»\">]"), _NOTHING),
    (re.compile(rf"[№#@]\s*{_NOTHING}"), _NOTHING),
    (re.compile(rf"^{_DIVIDERS}{_NOTHING}{_DIVIDERS}"), ""),
    (re.compile(rf"{_DIVIDERS}{_NOTHING}"), ""),
)


def with_block(description: str, block: str) -> str:
    """The description with `block` between the marks, in the place of what stood there; at its end without marks.

    Everything around the marks stays letter for letter. An empty block takes the marks away too.
    """
    begin = description.rfind(BLOCK_BEGIN)
    end = description.find(BLOCK_END, begin) if begin >= 0 else -1
    marked = f"{BLOCK_BEGIN}\n{block}\n{BLOCK_END}" if block else ""
    if end >= 0:
        before, after = description[:begin], description[end + len(BLOCK_END) :]
        return before + marked + after if marked else before.removesuffix(_GAP) + after
    return _GAP.join(part for part in (description, marked) if part)


def block_in(description: str) -> str:
    """The lines between the marks, without blanks at their ends; empty where there are none."""
    begin = description.rfind(BLOCK_BEGIN)
    end = description.find(BLOCK_END, begin) if begin >= 0 else -1
    lines = description[begin + len(BLOCK_BEGIN) : end].split("\n") if end >= 0 else []
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


def within(description: str, block: str) -> str:
    """The description with as many whole lines of the block as a card takes: the block is what gives way."""
    lines = block.split("\n") if block else []
    room = DESCRIPTION_LENGTH - _LINK_ROOM * len(_LINK.findall(block))
    while lines and units(whole := with_block(description, "\n".join(lines))) > room:
        lines.pop()
    return whole if lines else description


def unmarked(text: str) -> str:
    """The text without anything that would be taken for the marks of the block, or for a link to a card."""
    return text.replace(BLOCK_BEGIN, "⟦▾⟧").replace(BLOCK_END, "⟦▴⟧").replace("⟦→", "⟦")


def link_to(card: Ref) -> str:
    """Stands for the card's address, which only the board tool knows, until the text goes there."""
    return f" ⟦→{card.port}:{card.id}⟧"


def linked(text: str, link: Callable[[Ref], str | None]) -> str:
    """The text with the addresses of the cards it names; nothing stands for a card without one."""

    def address(found: re.Match[str]) -> str:
        known = link(Ref(port=found[1], id=found[2]))
        return f" {known}" if known else ""

    return _LINK.sub(address, text)


def zone_of(policy: Policy, service_class: str) -> tzinfo:
    """The zone times on the card are told in: that of the class's hours, else UTC."""
    found = policy.classes.get(service_class)
    return found.hours.zone if found is not None and found.hours is not None else UTC


def clock(at: datetime, zone: tzinfo) -> str:
    """Hours and minutes."""
    local = at.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}"


def head(policy: Policy, service_class: str, author: str, at: datetime, edited: datetime | None = None) -> str:
    """The line over a message: who, when, and when it was changed."""
    zone = zone_of(policy, service_class)
    line = f"{author} · {clock(at, zone)}"
    if edited is None:
        return line
    return f"{line} · {say(policy, policy.default_language, 'card.edited', time=clock(edited, zone))}"


def merged(parts: Sequence[Kept]) -> Kept:
    """The parts of one album as one message: the captions below each other, the files in order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    captions = [part.words.text for part in parts if part.words.text]
    pieces = [piece for caption in captions for piece in (caption, Text(plain=_GAP))][:-1]
    files = tuple(file for part in parts for file in part.words.files)
    return replace(first, words=replace(first.words, text=joined_text(*pieces), files=files))


def obtainable(words: Words) -> tuple[File, ...]:
    """The files whose bytes can be had."""
    return tuple(file for file in words.files if file.obtainable) if words.files else ()


def body(policy: Policy, words: Words) -> Text:
    """Everything a message says, as text: whatever is no text is named, so that nothing arrives as nothing."""
    odd = words.forwarded_from or words.quote or words.location or words.contact or words.emoji or words.oddity
    if not odd and all(file.obtainable for file in words.files):
        return words.text
    tongue = policy.default_language
    lines: list[Text | str] = []
    if words.forwarded_from is not None:
        lines.append(_styled(say(policy, tongue, "card.forwarded", name=words.forwarded_from), Style.ITALIC))
    if words.quote:
        lines.append(_styled(words.quote, Style.QUOTE))
    if words.text:
        lines.append(words.text)
    if words.location is not None:
        place = words.location
        lines.extend(part for part in (place.title, place.address) if part)
        coordinates = f"{place.latitude:.6f},{place.longitude:.6f}"
        lines.append(say(policy, tongue, "card.location", coordinates=coordinates.replace(",", ", ")))
        lines.append(f"https://maps.google.com/?q={coordinates}")
    if words.contact is not None:
        name = "card.own_contact" if words.contact.own else "card.contact"
        lines.append(say(policy, tongue, name, name=words.contact.name, phone=words.contact.phone))
    if words.emoji is not None:
        lines.append(say(policy, tongue, "card.sticker", emoji=words.emoji))
    if words.oddity is not None:
        lines.append(say(policy, tongue, "card.oddity", kind=words.oddity))
    lines.extend(missing_file(policy, "card.unobtainable", file) for file in words.files if not file.obtainable)
    return _lines(lines)


def missing_file(policy: Policy, name: str, file: File) -> str:
    """A line that stands for a file which could not be brought to the card."""
    tongue = policy.default_language
    return say(policy, tongue, name, name=file.name, size=size(policy, tongue, file.size))


def card_title(policy: Policy, words: Words, number: int) -> str:
    """The first words, at most 80 characters and cut at a word; without words, what kind of thing it is."""
    tongue = policy.default_language
    line = shorten(words.text.plain, TITLE_LENGTH)
    if line:
        return line
    if words.emoji is not None:
        return shorten(f"{say(policy, tongue, 'kind.sticker')} {words.emoji}", TITLE_LENGTH)
    if words.files:
        return say(policy, tongue, f"kind.{words.files[0].kind}")
    if words.location is not None:
        place = words.location.title or words.location.address
        kind = say(policy, tongue, "kind.location")
        return shorten(f"{kind}: {place}", TITLE_LENGTH) if place else kind
    if words.contact is not None:
        return shorten(f"{say(policy, tongue, 'kind.contact')}: {words.contact.name}", TITLE_LENGTH)
    if words.oddity is not None:
        return shorten(say(policy, tongue, "card.oddity", kind=words.oddity), TITLE_LENGTH)
    return say(policy, tongue, "card.untitled", number=number)


def shown_title(policy: Policy, client: Client, ticket: Ticket) -> str:
    """The title by the mapping's template, at most 1024 characters long; empty parts leave no trace."""
    values = {
        "words": shorten(ticket.subject, TITLE_LENGTH),
        "number": str(ticket.number),
        "client": client.group or client.name,
        "cabinet": ticket.cabinet or "",
        "topic": topic_title(policy, policy.default_language, ticket.topic),
    }
    template = _TITLE_PARTS.sub(lambda part: part[0] if values[part[1]] else _NOTHING, policy.card_title)
    for pattern, instead in _EMPTY_PARTS:
        template = pattern.sub(instead, template)
    line = _TITLE_PARTS.sub(lambda part: values[part[1]], template)
    return shorten(line, WHOLE_TITLE_LENGTH) or values["words"]


def labels(policy: Policy, ticket: Ticket, text: Text) -> tuple[str, ...]:
    """The tags of the rules that a request with these first words meets."""
    return tuple(
        rule.tag
        for rule in policy.labels
        if (not rule.topics or ticket.topic in rule.topics)
        and (not rule.classes or ticket.service_class in rule.classes)
        and (not rule.words or any(re.search(each, text.plain, re.IGNORECASE) for each in rule.words))
    )


def description(policy: Policy, client: Client, ticket: Ticket, message: Kept) -> str:
    """Who asks and what for, then the first message's words."""
    words = unmarked(body(policy, message.words).plain)
    block = client_block(policy, client, ticket)
    return f"{block}{_GAP}{words}" if words else block


def client_block(policy: Policy, client: Client, ticket: Ticket) -> str:
    """The lines about the client that stand on top of a card."""
    tongue = policy.default_language
    # Whoever had themselves forgotten has no name until they write again.
    lines = [say(policy, tongue, "card.client", name=client.name)] if client.name else []
    if client.group:
        lines.append(say(policy, tongue, "card.group", title=client.group))
    if client.username:
        link = f"https://t.me/{client.username}"
        lines.append(say(policy, tongue, "card.username", username=client.username, link=link))
    if client.phone:
        lines.append(say(policy, tongue, "card.phone", phone=client.phone))
    if ticket.cabinet:
        name = "card.unverified" if ticket.cabinet in client.unverified else "card.cabinet"
        lines.append(say(policy, tongue, name, cabinet=ticket.cabinet))
    if client.tongue:
        lines.append(say(policy, tongue, "card.language", language=client.tongue))
    lines.append(say(policy, tongue, "card.number", number=ticket.number))
    lines.append(say(policy, tongue, "card.topic", topic=topic_title(policy, tongue, ticket.topic)))
    return unmarked("\n".join(lines))


def continuation(policy: Policy, client: Client, ticket: Ticket, former: Ref | None) -> tuple[str, str]:
    """Title and description of a card that takes the place of one that was lost."""
    tongue = policy.default_language
    name = say(policy, tongue, "card.continuation", number=ticket.number, subject=ticket.subject)
    lines = [say(policy, tongue, "card.continued", number=ticket.number, subject=ticket.subject)]
    if former is not None:
        lines.append(say(policy, tongue, "card.former", card=former.id))
    block = client_block(policy, client, ticket)
    return shorten(name, TITLE_LENGTH), f"{block}{_GAP}" + unmarked("\n".join(lines))


def facts(policy: Policy, client: Client, ticket: Ticket) -> dict[str, str]:
    """The values a mapping may put into fields of the card; those we do not know are left out."""
    tongue = policy.default_language
    found = policy.classes.get(ticket.service_class)
    verified = None
    if ticket.cabinet and policy.cabinet is not None and policy.cabinet.verified:
        verified = say(policy, tongue, "fact.no" if ticket.cabinet in client.unverified else "fact.yes")
    values = {
        "cabinet": ticket.cabinet,
        "verified": verified,
        "client": client.group or client.name,
        "username": client.username,
        "phone": client.phone,
        "language": client.tongue,
        "number": str(ticket.number),
        "topic": topic_title(policy, tongue, ticket.topic),
        "class": title(found.title, policy, tongue) if found else ticket.service_class,
        "opened": f"{ticket.opened_at.astimezone(zone_of(policy, ticket.service_class)):%d.%m.%Y %H:%M}",
        "agent": ticket.answered_by,
    }
    return {name: value for name, value in values.items() if value} | dict(ticket.clock_facts)


def topic_title(policy: Policy, language: str | None, key: str) -> str:
    """The topic's title; its key when the mapping no longer has it."""
    topic = policy.topic(key)
    return (title(topic.title, policy, language) if topic else "") or key


def portions(text: Text, head: str, limit: int) -> tuple[Text, ...]:
    """The text in as many parts as comments of `limit` characters need; always at least one."""
    room = max(limit - len(head) - SIGNATURE_LENGTH - _FRAME, limit // 4)
    # No character can cost more than five: most messages need no counting.
    if (not text.spans and 5 * len(text.plain) <= room) or _cost(text) <= room:
        return (text,)
    width = room
    while True:
        parts = split(text, width)
        if width <= 64 or all(_cost(part) <= room for part in parts):
            return parts
        width = width * 3 // 4


def join(comments: Sequence[AddComment], limit: int | None = None) -> AddComment:
    """Several comments of one card as one, under the key of the first; with a limit, as many as `joinable` allows."""
    taken = comments if limit is None else comments[: joinable(comments, limit)]
    first = taken[0]
    if len(taken) == 1:
        return first
    return replace(first, sections=tuple(section for comment in taken for section in comment.sections))


def joinable(comments: Sequence[AddComment], limit: int) -> int:
    """How many leading comments fit into one of `limit` characters; only for the same eyes; 1 at least, 0 of none."""
    used = 0
    for count, comment in enumerate(comments):
        used += sum(_weight(section) for section in comment.sections)
        if count and (used > limit or comment.internal != comments[0].internal or comment.ticket != comments[0].ticket):
            return count
    return len(comments)


def _weight(section: Section) -> int:
    names = sum(units(file.name) + _FRAME for file in section.files)
    return units(section.head) + _cost(section.text) + names + SIGNATURE_LENGTH + _FRAME


def _cost(text: Text) -> int:
    """Characters the text may take once it is written in a board's markup: every sign escaped, every span marked."""
    escapes = len(text.plain) - len(text.plain.translate(_MARKUP))
    quoted = 2 * text.plain.count("\n")
    return units(text.plain) + escapes + quoted + sum(_SPAN + len(span.url or "") for span in text.spans)


def _styled(plain: str, style: Style) -> Text:
    return Text(plain=plain, spans=(Span(start=0, length=len(plain), style=style),) if plain else ())


def _lines(lines: Sequence[Text | str]) -> Text:
    pieces: list[Text | str] = []
    for line in lines:
        if pieces:
            pieces.append("\n")
        pieces.append(line)
    return joined_text(*pieces)
