"""Canned replies: how they are listed, and what one says to one client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from connector.domain.client import Client
from connector.domain.decide.turn import Turn
from connector.domain.policy import Policy, Template
from connector.domain.refs import Ref
from connector.domain.say import moment, title
from connector.domain.text import join, shorten
from connector.domain.ticket import Ticket
from connector.domain.words import File, FileKind, Text

LOCAL = "local"
"""The port of files that lie where the daemon runs; the id of such a ref is the absolute path."""
MISSING = "—"
"""Stands for a value this client or request does not have."""
_FIRST_WORDS = 80
_PLACE = re.compile(r"\{(\w+)\}")
_KINDS: Mapping[str, FileKind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp"), FileKind.PHOTO),
    ".gif": FileKind.ANIMATION,
    **dict.fromkeys((".mp4", ".mov", ".m4v"), FileKind.VIDEO),
    **dict.fromkeys((".mp3", ".m4a"), FileKind.AUDIO),
    **dict.fromkeys((".ogg", ".oga", ".opus"), FileKind.VOICE),
}


def listed(policy: Policy) -> str:
    """Every template in a line: its name and its first words in the default language."""
    lines = (
        f"{key}: {shorten(title(template.text, policy, policy.default_language), _FIRST_WORDS)}"
        for key, template in sorted(policy.templates.items())
    )
    return "\n".join(lines)


def expanded(turn: Turn, ticket: Ticket, template: Template, agent: str, more: Text | None = None) -> Text:
    """What the template says to this client, in their language; `more` follows it as a paragraph of its own.

    A placeholder that is none of ours stays as it stands; braces in values stay braces.
    """
    policy, client = turn.policy, turn.client
    values = _values(turn, policy, client, ticket, agent)
    said = _PLACE.sub(lambda found: values.get(found[1], found[0]), title(template.text, policy, client.tongue))
    said = said.strip()
    if more is None or not more.plain.strip():
        return Text(plain=said)
    return join(said, "\n\n", more) if said else more


def _values(turn: Turn, policy: Policy, client: Client, ticket: Ticket, agent: str) -> Mapping[str, str]:
    promised = ticket.promised_at or ticket.due_at
    until = moment(policy, client.tongue, promised, turn.at, ticket.service_class) if promised is not None else ""
    values = {
        "client": client.name or client.group or "",
        "cabinet": ticket.cabinet or client.cabinet or "",
        "number": str(ticket.number),
        "subject": ticket.subject,
        "until": until,
        "agent": policy.aliases.get(agent, agent),
    }
    return {name: value or MISSING for name, value in values.items()}


def attachments(template: Template) -> tuple[File, ...]:
    """The files that go with the template, each in the kind its name tells."""
    return tuple(_local(path) for path in template.files)


def _local(path: str) -> File:
    file = PurePosixPath(path)
    kind = _KINDS.get(file.suffix.lower(), FileKind.DOCUMENT)
    return File(ref=Ref(port=LOCAL, id=path), kind=kind, name=file.name)
