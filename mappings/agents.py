"""The agents' side of a mapping as data for the decision: what is public, commands, templates, labels."""

from __future__ import annotations

import unicodedata

from connector.domain.effects import Meaning
from connector.domain.policy import (
    BoardPolicy,
    Command,
    CommandRule,
    Confirmation,
    HistoryRule,
    IncidentRule,
    LabelRule,
    LeakGuard,
    Publicity,
    PublicRule,
    Template,
)
from mappings.files import picture_file
from mappings.problems import folded
from mappings.scalars import per_language
from mappings.schema import Content
from mappings.source import Source
from mappings.topics import below


def public_rule(content: Content, board: BoardPolicy | None) -> PublicRule:
    """What is public. Whoever is named in one way is known by all their names once the board was reached."""
    public = content.public
    named = {folded(str(name)) for name in public.people}
    users = {} if board is None else board.users
    ids = {users.get(name, name) for name in named}
    return PublicRule(
        rule=Publicity(public.rule),
        mark=public.mark.strip(),
        people=frozenset(named | {name for name, user in users.items() if user in ids}),
        columns=frozenset(Meaning(meaning) for meaning in public.columns),
    )


def leak_guard(content: Content) -> LeakGuard:
    """What a public comment is held for; nothing unless the mapping asks for a guard."""
    guard = content.public.guard
    if guard is None:
        return LeakGuard()
    return LeakGuard(
        secrets=tuple(guard.secrets),
        files=tuple(guard.files),
        internal=tuple(beginning.strip() for beginning in guard.internal),
    )


def command_rule(content: Content) -> CommandRule:
    """Every word of every command, folded: first the mapping's own, which agents are shown, last the English ones."""
    words = {folded_word(word): command for command in Command for word in words_of(content, command)}
    words |= {command.value: command for command in Command}
    return CommandRule(prefix=content.commands.prefix.strip(), words=words)


def words_of(content: Content, command: Command) -> list[str]:
    """The further words that the mapping gives a command, as they are written."""
    words: list[str] = getattr(content.commands.words, "class_" if command is Command.CLASS else command.value)
    return words


def folded_word(word: str) -> str:
    """A command's word without what people do not see as a difference."""
    return folded(unicodedata.normalize("NFKC", word))


def templates(content: Content, source: Source) -> dict[str, Template]:
    """The canned replies by key, in the order of the mapping; every file of a sound one exists."""
    return {
        key: Template(
            key=key,
            text={
                language: single_braces(text)
                for language, text in per_language(template.text, content.languages).items()
            },
            files=tuple(str(file) for name in template.files if (file := picture_file(source, name)) is not None),
        )
        for key, template in content.templates.items()
    }


def single_braces(text: str) -> str:
    """A template whose checked placeholders are all that braces mean: one that is only a brace stands once."""
    return text.replace("{{", "{").replace("}}", "}")


def labels(content: Content) -> tuple[LabelRule, ...]:
    """The tags for new cards; a group of topics became the topics below it."""
    return tuple(
        LabelRule(
            tag=label.tag.strip(),
            topics=frozenset(key for name in label.topics for key in below(content, str(name).strip())),
            classes=frozenset(str(name).strip() for name in label.classes),
            words=tuple(label.words),
        )
        for label in content.labels
    )


def incident_rule(content: Content) -> IncidentRule | None:
    """When alike requests are one incident; a group of topics became the topics below it."""
    given = content.incidents
    if given is None:
        return None
    return IncidentRule(
        window=given.window.calendar,
        at_least=given.at_least,
        alike=given.alike,
        confirm=Confirmation(given.confirm),
        topics=frozenset(key for name in given.topics for key in below(content, str(name).strip())),
        wordless=given.wordless,
        close_children=given.close_children,
    )


def history_rule(content: Content) -> HistoryRule | None:
    """Whether earlier requests stand on the card."""
    return None if content.history is None else HistoryRule(shown=content.history.shown)
