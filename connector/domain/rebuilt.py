"""The client's words as a comment says them, made anew from what was noted when they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain import card
from connector.domain.client import Kept
from connector.domain.decide.writing import say_key
from connector.domain.effects import Section
from connector.domain.events import ClientEdited, ClientWrote
from connector.domain.policy import Edits, Policy
from connector.domain.refs import Key
from connector.domain.ticket import Ticket
from connector.domain.words import File


def sections(
    policy: Policy, ticket: Ticket, parts: Sequence[ClientWrote], edits: Sequence[ClientEdited]
) -> dict[Key, Section]:
    """The sections of one message (or of an album's parts) by their keys, with the latest words.

    Where edits are appended or ignored, the words are those that came first.
    """
    kept, edited = _latest(policy, parts, edits)
    message = card.merged(kept)
    key = say_key(message.message)
    head = card.head(policy, ticket.service_class, message.author, message.at, edited)
    portions = card.portions(card.body(policy, message.words), head, policy.comment_limit)
    found = {}
    for number, portion in enumerate(portions):
        own = key if number == 0 else Key(f"{key}/{number}")
        files = card.obtainable(message.words) if number == len(portions) - 1 else ()
        found[own] = Section(key=own, head=head, text=portion, files=files)
    return found


def files(parts: Sequence[ClientWrote]) -> tuple[File, ...]:
    """What came with the first words of a request: it lies on the card itself."""
    return tuple(file for part in parts for file in card.obtainable(part.words))


def _latest(
    policy: Policy, parts: Sequence[ClientWrote], edits: Sequence[ClientEdited]
) -> tuple[list[Kept], datetime | None]:
    last = {edit.message: edit for edit in edits} if policy.edits is Edits.OVERWRITE else {}
    edited = None
    kept = []
    for part in parts:
        words = part.words
        edit = last.get(part.message)
        if edit is not None and edit.words != words:
            # Files that were put there stay there.
            more = tuple(file for file in words.files if file not in edit.words.files)
            words, edited = replace(edit.words, files=(*edit.words.files, *more)), edit.at
        kept.append(Kept(message=part.message, at=part.at, author=part.author.name, words=words, album=part.album))
    return kept, edited
