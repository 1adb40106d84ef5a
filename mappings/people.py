"""The people on the board: everybody by every name, and those whose names a mapping writes."""

from __future__ import annotations

from connector.domain.layout import Layout, User
from mappings.mapping import Mapping
from mappings.names import Finder, Known, matching
from mappings.problems import Severity, folded, names_command, nearest, one_of, shown


def known_users(layout: Layout) -> list[Known[User]]:
    """Everybody, by full name, username and e-mail."""
    return [
        Known(id=user.id, names=tuple(name for name in (user.name, user.username, user.email) if name), thing=user)
        for user in layout.users
    ]


def user_ids(layout: Layout) -> dict[str, str]:
    """Every folded name → user id; a name that two people share is left out."""
    owners: dict[str, set[str]] = {}
    for known in known_users(layout):
        for name in known.names:
            if folded(name):
                owners.setdefault(folded(name), set()).add(known.id)
    return {name: next(iter(ids)) for name, ids in owners.items() if len(ids) == 1}


def agent_users(mapping: Mapping, layout: Layout, finder: Finder) -> dict[str, str]:
    """Key of an agent → user id."""
    users = known_users(layout)
    found: dict[str, str] = {}
    for key, agent in mapping.content.people.items():
        steps = ("people", key, "user")
        user = finder.find(steps, agent.user, users, kind="user")
        if user is None:
            continue
        other = next((each for each, known in found.items() if known == user.id), None)
        if other is not None:
            finder.note(
                steps,
                code="agent-twice",
                found=f"{shown(agent.user)}, who is people.{other} too",
                expected="each user of the board once",
                remedy="remove one of the two, or correct the name",
            )
        found[key] = user.id
    return found


def check_people(mapping: Mapping, layout: Layout, finder: Finder) -> None:
    """A problem for everybody who is named and is not on the board, or cannot be told from another."""
    _aliases(mapping, layout, finder)
    users, ids = known_users(layout), user_ids(layout)
    for index, name in enumerate(mapping.content.public.people):
        steps = ("public", "people", index)
        user = finder.find(steps, name, users, kind="user")
        if user is not None and folded(user.name) not in ids:
            finder.note(
                steps,
                code="ambiguous-user",
                found=f"{shown(name)}: somebody else on the board is called {shown(user.name)} too",
                expected="a name of their own, because comments are known by their author's name",
                remedy="rename one of the two on the board",
            )


def _aliases(mapping: Mapping, layout: Layout, finder: Finder) -> None:
    """An answer carries the name exactly as the board shows it: under any other spelling nothing is replaced."""
    names = [user.name.strip() for user in layout.users]
    for name in mapping.content.agents.names:
        if name.strip() in names:
            continue
        meant = matching(name, known_users(layout))
        near = meant[0].thing.name if len(meant) == 1 else nearest(name, names)
        finder.note(
            ("agents", "names", name),
            code="agent-unknown",
            found=f"{shown(name)}: nobody is called exactly so on the board",
            expected=one_of(names),
            near=near,
            remedy=(f"write {near}" if near else "correct the name, or remove the line")
            + f"; `{names_command('users')}` lists all",
            key=True,
            severity=Severity.WARNING,
        )
