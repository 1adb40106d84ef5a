"""The bot's wording: shipped per language, held against what the decision asks for, changed by the mapping."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from connector.domain.policy import Texts
from connector.domain.texts import TEXTS
from mappings.problems import Problem, Steps, nearest, one_of, shown
from mappings.source import Source, read_source

_SHIPPED = Path(__file__).parent / "texts"
_NAMED = 10


@cache
def shipped_languages() -> tuple[str, ...]:
    """The languages whose texts come with the connector."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def shipped_texts(language: str) -> tuple[Source, tuple[Problem, ...]]:
    """The shipped texts of a language; nothing for a language that has none."""
    file = _SHIPPED / f"{language}.yaml"
    if language not in shipped_languages():
        return Source(file=file, value={}), ()
    source, problems = read_source(file)
    return source, (*problems, *check_texts(source, (), source.value))


def check_texts(source: Source, steps: tuple[str, ...], texts: object) -> Iterator[Problem]:
    """What is wrong with the texts of one language that stand at `steps` of a document."""
    if not isinstance(texts, dict):
        yield source.problem(
            steps,
            code="type",
            found=shown(texts),
            expected="a mapping of text names to texts",
            remedy="write `name: text` lines",
        )
        return
    for name, text in texts.items():
        at = (*steps, str(name))
        if name not in TEXTS:
            near = nearest(str(name), TEXTS)
            yield source.problem(
                at,
                code="text-unknown",
                found=f"the text {shown(name)}",
                expected="the name of a text, as in the shipped texts",
                nearest=near,
                remedy=f"write {near}" if near else "remove it",
                key=True,
            )
        elif not isinstance(text, str) or not text.strip():
            yield source.problem(
                at, code="type", found=shown(text), expected="a text", remedy="write the text, in quotes if in doubt"
            )
        else:
            yield from check_placeholders(source, at, text, TEXTS[name])


def check_placeholders(
    source: Source, steps: Steps, text: str, allowed: frozenset[str], elsewhere: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """A problem for braces that do not pair, and for every placeholder that is not allowed here.

    One that is known `elsewhere` is no misspelling.
    """
    known = one_of(f"{{{name}}}" for name in sorted(allowed)) if allowed else "no placeholder in this text"
    names = placeholders(text)
    if names is None:
        yield source.problem(
            steps,
            code="text-placeholder",
            found=f"braces that do not pair in {shown(text)}",
            expected=known,
            remedy="write a placeholder as {name}, and a brace that is only a brace twice: {{ or }}",
        )
        return
    for name in names:
        if name not in allowed:
            near = None if name in elsewhere else nearest(name, allowed)
            yield source.problem(
                steps,
                code="text-placeholder",
                found=f"the placeholder {{{name}}}",
                expected=known,
                nearest=f"{{{near}}}" if near else None,
                remedy=f"write {{{near}}}"
                if near
                else "remove it: it is not known here"
                if name in elsewhere
                else "remove it, or write the braces twice",
            )


def placeholders(text: str) -> tuple[str, ...] | None:
    """The names in braces, in order, once each; None when braces do not pair."""
    names: dict[str, None] = {}
    try:
        for _, name, spec, conversion in string.Formatter().parse(text):
            if name is not None:
                names[name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")] = None
    except ValueError:
        return None
    return tuple(names)


def missing_texts(source: Source, steps: Steps, language: str, texts: Texts) -> Iterator[Problem]:
    """A problem that names the texts which a language does not have; `steps` is where the mapping lists it."""
    missing = [name for name in TEXTS if name not in texts]
    if missing:
        more = f" … ({len(missing) - _NAMED} more)" if len(missing) > _NAMED else ""
        yield source.problem(
            steps,
            code="text-missing",
            found=f"no text in {shown(language)} for: {', '.join(missing[:_NAMED])}{more}",
            expected=f"every text in each language (shipped: {', '.join(shipped_languages())})",
            remedy=f"write them under texts.{language}, or take {language} out of `languages`",
        )


def merged(shipped: Mapping[str, object], own: Texts) -> Texts:
    """The shipped texts of a language with the mapping's own wording in their place."""
    return {**{name: text for name, text in shipped.items() if isinstance(text, str)}, **own}
