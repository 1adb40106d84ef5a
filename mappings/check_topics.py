"""Whether the menu can be shown and every topic of it opens something: keys, boards, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mappings.problems import Problem, nearest, one_of, shown
from mappings.schema import Content
from mappings.source import Source
from mappings.topics import Leaf, groups, leaves
from mappings.validate import Validated

BUTTON_BYTES = 64
"""What a button may carry (https://core.telegram.org/bots/api#inlinekeyboardbutton): `topic:<key>`, `group:<key>`."""
KEY_BYTES = BUTTON_BYTES - len("topic:")


def check_topics(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """Everything wrong with the topics but their titles, and with what names one of them."""
    if not content.topics and validated.sound(("topics",)):
        yield source.problem(
            ("topics",), code="empty", found="no topic", expected="at least one topic",
            remedy="add a topic: `key: {title: …, board: …}`",
        )  # fmt: skip
    unusable = set()
    for key, group in groups(content).items():
        fault = _key_fault(key)
        if fault is not None:
            unusable.add(key)
            yield _key_problem(source, ("topics", key), *fault)
        if not group.topics and validated.sound(("topics", key, "topics")):
            yield source.problem(
                ("topics", key, "topics"), code="empty", found="no topic", expected="at least one topic to choose here",
                remedy="add a topic: `key: {title: …}`, or remove the line `topics`",
            )  # fmt: skip
    found = leaves(content)
    owners: dict[str, Leaf] = {}
    for leaf in found:
        first = owners.setdefault(leaf.key, leaf)
        fault = _key_fault(leaf.key, str(leaf.steps[-1]))
        if fault is not None and leaf.group not in unusable:
            yield _key_problem(source, leaf.steps, *fault)
        elif first is not leaf:
            yield source.problem(
                leaf.steps, code="topic-key", found=f"{shown(leaf.key)}, the key of another topic", key=True,
                expected="a key of its own for each topic; below a group it is both keys with a dot between",
                remedy="change one of the two keys",
            )  # fmt: skip
        board = (*leaf.steps, "board")
        if leaf.board is None and board not in validated.meant and validated.sound(board):
            yield source.problem(
                board, code="missing-key", found='no key "board" here',
                expected="the board where cards of this topic are made",
                remedy="add the line `board: …`",
            )  # fmt: skip
    yield from _classes(source, content, validated, found)
    yield from _default(source, content, validated, found)


def written_keys(source: Source, part: str, fitting: Iterable[str]) -> list[str]:
    """The keys of a part as they are written, so that an entry left out for another fault is not called unknown."""
    written = source.value.get(part) if isinstance(source.value, dict) else None
    return list(written) if isinstance(written, dict) else list(fitting)


def _key_fault(key: str, own: str | None = None) -> tuple[str, str] | None:
    """What is found and expected when no button can carry this key; `own` is its last part."""
    size = len(key.encode())
    if size <= KEY_BYTES and (key if own is None else own).strip():
        return None
    whole = ", together with that of its group and the dot" if own is not None and own != key else ""
    return (
        f"{shown(key)}, {size} bytes long",
        f"a key of 1 to {KEY_BYTES} bytes{whole}, because a button carries it",
    )


def _key_problem(source: Source, steps: tuple[str | int, ...], found: str, expected: str) -> Problem:
    return source.problem(
        steps, code="topic-key", found=found, expected=expected, key=True,
        remedy="shorten the key (a Russian letter takes two bytes); the title may be as long as you like",
    )  # fmt: skip


def _classes(source: Source, content: Content, validated: Validated, found: Iterable[Leaf]) -> Iterator[Problem]:
    known = written_keys(source, "classes", content.classes)
    told = set()
    for leaf in found if known else ():
        own = (*leaf.steps, "class")
        if leaf.class_ is None:
            if len(known) > 1 and own not in validated.meant and validated.sound(own):
                yield source.problem(
                    leaf.steps, code="missing-key", found='no key "class" here', expected=one_of(known), key=True,
                    remedy="add the line `class: …`: the service class such a request begins with",
                )  # fmt: skip
            continue
        steps, name = leaf.class_
        if str(name) not in known and steps not in told:
            told.add(steps)
            near = nearest(str(name), known)
            yield source.problem(
                steps, code="unknown-class", found=shown(name), expected=one_of(known), nearest=near,
                remedy=f"write {near}" if near else "write one of them, or add the class to `classes`",
            )  # fmt: skip


def _default(source: Source, content: Content, validated: Validated, found: Iterable[Leaf]) -> Iterator[Problem]:
    key = content.default_topic
    known = [leaf.key for leaf in found]
    if key is None or key.strip() in known or not validated.sound(("topics",)):
        return
    group = groups(content).get(key.strip())
    near = f"{key.strip()}.{next(iter(group.topics))}" if group and group.topics else nearest(key, known)
    yield source.problem(
        ("default_topic",), code="unknown-topic", found=shown(key) + (", which only leads to others" if group else ""),
        expected=one_of(known), nearest=near,
        remedy=f"write {near}" if near else "write one of them, or remove the line",
    )  # fmt: skip
