"""A mapping that is sound in itself, and the policy made of it."""

from __future__ import annotations

import hashlib
import json
from collections import abc
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from connector.domain.policy import (
    BoardPolicy,
    CabinetRule,
    ChatLimits,
    Hours,
    Marks,
    Policy,
    Publicity,
    PublicRule,
    Receipt,
    ServiceClass,
    Texts,
    Topic,
)
from mappings.check import picture_file
from mappings.check_hours import week_of
from mappings.clock import Length
from mappings.schema import EVERY, Content
from mappings.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What the file says, checked; names of the board are still names. `texts` are complete per language."""

    source: Source
    content: Content
    texts: abc.Mapping[str, Texts]

    @property
    def version(self) -> str:
        """12 hex digits that change when the content or a text changes, not when comments or the layout do."""
        canonical = json.dumps(
            [self.source.value, list(self.content.topics), self.texts], sort_keys=True, ensure_ascii=True
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def class_of(self, topic: str) -> str:
        """The class a request on this topic begins with."""
        return str(self.content.topics[topic].class_ or next(iter(self.content.classes)))

    def policy(self, board: BoardPolicy | None, limits: ChatLimits, comment_limit: int) -> Policy:
        """The mapping as data for the decision; `board` is what `resolve` made of its names."""
        content = self.content
        cabinet = content.cabinet
        return Policy(
            version=self.version,
            topics=tuple(
                Topic(
                    key=key,
                    title=self._spread(topic.title),
                    service_class=self.class_of(key),
                    tags=tuple(tag.strip() for tag in topic.tags),
                    hint=self._spread(topic.hint),
                )
                for key, topic in content.topics.items()
            ),
            classes={key: self._class(key) for key in content.classes},
            cabinet=None
            if cabinet is None
            else CabinetRule(
                pattern=cabinet.pattern,
                hint=self._spread(cabinet.hint),
                picture=None if cabinet.picture is None else str(picture_file(self.source, cabinet.picture)),
                tag=cabinet.tag,
            ),
            public=PublicRule(rule=Publicity(content.public.rule), mark=content.public.mark.strip()),
            texts=self.texts,
            default_language=content.default_language or content.languages[0],
            receipt=Receipt(content.receipts.style),
            marks=Marks(stored=content.receipts.emoji.strip(), on_card=None, answered=None, failed=None),
            reopen_within=content.reopen_within.calendar,
            album_wait=content.album_wait.calendar,
            sign_agents=content.sign_agents,
            limits=limits,
            comment_limit=comment_limit,
            board=board,
        )

    def _class(self, key: str) -> ServiceClass:
        entry, hours = self.content.classes[key], self.content.hours
        counted = None
        if hours is not None and entry.clock == "working":
            counted = Hours(zone=ZoneInfo(hours.zone), week=week_of(hours), closed=frozenset(hours.closed))

        def lasting(length: Length | None) -> timedelta | None:
            if length is None:
                return None
            return length.calendar if counted is None else length.working(counted.week)

        return ServiceClass(
            key=key,
            title=self._spread(entry.title),
            first_reply=lasting(entry.first_reply),
            resolution=lasting(entry.resolution),
            hours=counted,
        )

    def _spread(self, titles: dict[str, str] | None) -> dict[str, str]:
        """One text per language of the mapping."""
        if titles is None:
            return {}
        return {language: titles.get(language, titles.get(EVERY, "")) for language in self.content.languages}
