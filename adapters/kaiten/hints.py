"""Webhooks: read as hints where to look, and believed in nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.kaiten.incoming import fields, whole, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Where to look after a webhook; `comment` where it named one, `author` who caused it."""

    card: int
    kind: str
    """The name of Kaiten's event, "comment:update" for one."""
    comment: int | None = None
    author: int | None = None
    shelved: bool = False
    """It speaks of the archive or of deletion."""


def hints(payload: object) -> tuple[Hint, ...]:
    """Which card a webhook is about; empty for what names none. Nothing else in it is believed: it is not signed.

    https://developers.kaiten.ru/external-webhooks
    """
    body = fields(payload)
    data = fields(body.get("data")) if body else None
    if body is None or data is None:
        return ()
    kind = word(body.get("event"))
    old = fields(data.get("old")) or {}
    changes = fields(data.get("changes")) or {}
    subject = old or data
    own = kind.startswith("card:")
    card = whole(subject.get("id" if own else "card_id")) or whole(data.get("card_id"))
    if card is None:
        return ()
    comment = whole(subject.get("id" if kind.startswith("comment:") else "comment_id"))
    author = fields(data.get("author")) or {}
    return (
        Hint(
            card=card,
            kind=kind,
            comment=comment,
            author=whole(author.get("id")),
            shelved="archived" in changes or "condition" in changes,
        ),
    )
