"""What an agent's comment orders from the bot, and how the bot answers it: in place, by one note."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connector.domain import card
from connector.domain.decide.replies import visible
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddComment, Section
from connector.domain.policy import Command, CommandRule
from connector.domain.say import say
from connector.domain.text import cut
from connector.domain.ticket import Ticket
from connector.domain.words import Text

CHOICES = 15
"""Names that are offered after a wrong one."""
# Control characters that an eye does see, as blanks.
_LINE_ENDS = "\t\n\v\f\r\x85"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A comment that begins with the prefix and letters. `command` is None when nobody knows the word.

    `word` is the word as it should be written, prefix included (of an unknown one: as it was); `rest` what follows it.
    """

    command: Command | None
    word: str
    rest: Text

    @property
    def words(self) -> str:
        """What follows the word, in one line."""
        return " ".join(self.rest.plain.split())


def read(rule: CommandRule, text: Text) -> Order | None:
    """The order a comment is; None for ordinary text.

    The prefix is found behind blanks and signs nobody sees, in any case and width. Letters directly behind it make an
    order, known or not; a digit, a blank or anything else makes ordinary text ("#5", "# Heading"). Without a prefix in
    the mapping there are no orders.
    """
    plain, prefix = text.plain, visible(rule.prefix)
    at = _past_prefix(plain, prefix)
    if at is None:
        return None
    end = at
    while end < len(plain) and (_wordlike(plain[end]) or (end > at and plain[end] == "-") or _unseen(plain[end])):
        end += 1
    word = visible(plain[at:end])
    command = next((each for name, each in rule.words.items() if visible(name) == word), None)
    start = end + len(plain[end:]) - len(plain[end:].lstrip())
    stop = max(len(plain.rstrip()), start)
    shown = word_for(rule, command) if command is not None else rule.prefix.strip() + _seen(plain[at:end])
    return Order(command=command, word=shown, rest=cut(text, start, stop))


def _past_prefix(plain: str, prefix: str) -> int | None:
    """Where the letters behind the prefix begin."""
    at, found = 0, ""
    while at < len(plain) and found != prefix:
        found += "" if _unseen(plain[at]) else visible(plain[at])
        if not prefix.startswith(found):
            return None
        at += 1
    if not prefix or found != prefix:
        return None
    while at < len(plain) and _unseen(plain[at]):
        at += 1
    return at if at < len(plain) and _letter(plain[at]) else None


def _unseen(sign: str) -> bool:
    """Whether it is a sign nobody sees, and no blank either."""
    return sign not in _LINE_ENDS and unicodedata.category(sign) in ("Cf", "Cc", "Co", "Cn", "Cs", "Mn")


def _letter(sign: str) -> bool:
    return any(unicodedata.category(each)[0] == "L" for each in (sign, *unicodedata.normalize("NFKC", sign)))


def _wordlike(sign: str) -> bool:
    return _letter(sign) or sign == "_" or unicodedata.category(sign)[0] in "NM"


def _seen(plain: str) -> str:
    return "".join(sign for sign in plain if not _unseen(sign))[:40]


def word_for(rule: CommandRule, command: Command) -> str:
    """How the command is written, prefix included; its usual word when the mapping has taken it away."""
    word = next((name for name, each in rule.words.items() if each is command), command.value)
    return rule.prefix.strip() + word


def nearest(name: str, known: Collection[str]) -> str:
    """The known name most like the given one; empty when none is known."""
    by_fold = {visible(each): each for each in known}
    found = difflib.get_close_matches(visible(name), list(by_fold), n=1, cutoff=0.0)
    return by_fold[found[0]] if found else ""


# ---- the answer


def answer(turn: Turn, ticket: Ticket, text: str) -> None:
    """The one note that answers the order; a second comment only where a single one could not hold it."""
    policy = turn.policy
    for number, portion in enumerate(card.portions(Text(plain=text), "", policy.comment_limit)):
        key = turn.name("answer" if number == 0 else f"answer/{number}")
        section = Section(key=key, head="", text=portion)
        turn.effects.append(AddComment(key=key, ticket=ticket.id, sections=(section,), internal=True))


def phrase(turn: Turn, name: str, /, **values: object) -> str:
    """A text for agents, in the default language."""
    return say(turn.policy, turn.policy.default_language, name, **values)


def tell(turn: Turn, ticket: Ticket, name: str, /, **values: object) -> None:
    """Answers with what was done."""
    answer(turn, ticket, phrase(turn, name, **values))


def refuse(turn: Turn, ticket: Ticket, order: Order, problem: str) -> None:
    """Answers that nothing was done: what is wrong, then how the command is written, with an example."""
    assert order.command is not None
    answer(turn, ticket, "\n".join((problem, usage(turn, order.command))))


def usage(turn: Turn, command: Command) -> str:
    """How the command is written, with an example."""
    return phrase(turn, f"order.use_{command.value}", word=word_for(turn.policy.commands, command))


def no_such(turn: Turn, name: str, known: Sequence[str]) -> str:
    """That the name is not known, which one is most like it, and which there are."""
    if not known:
        return phrase(turn, "order.none_known", name=name)
    choices = ", ".join(known[:CHOICES]) + ("…" if len(known) > CHOICES else "")
    return phrase(turn, "order.no_such", name=name, nearest=nearest(name, known), choices=choices)


def without_more(turn: Turn, ticket: Ticket, order: Order) -> bool:
    """Whether nothing follows the word; explained when something does: words meant for the client must not get lost."""
    if not any(sign.isalnum() for sign in order.rest.plain):
        return True
    refuse(turn, ticket, order, phrase(turn, "order.too_much", word=order.word, words=order.words[:80]))
    return False
