"""A mapping that is sound in itself, and the policy made of it."""

from __future__ import annotations

import hashlib
import json
from collections import abc
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.domain.effects import Meaning
from connector.domain.policy import (
    AgentReceipt,
    BoardPolicy,
    CabinetRule,
    ChatLimits,
    DelayRule,
    Edits,
    Groups,
    Mark,
    Marks,
    MarkStore,
    Occasion,
    Policy,
    QuietHours,
    RatingRule,
    Receipt,
    Texts,
    Topic,
    TopicGroup,
    Trigger,
)
from mappings.agents import (
    command_rule,
    history_rule,
    incident_rule,
    labels,
    leak_guard,
    public_rule,
    single_braces,
    templates,
)
from mappings.files import list_file, picture_file
from mappings.problems import Steps
from mappings.reactions import reaction_of
from mappings.scalars import per_language
from mappings.schema import Content
from mappings.source import Source
from mappings.team import agreements, escalation, people
from mappings.terms import calendars, clock_tags, service_class, sla_rule
from mappings.topics import groups, leaves

_RECEIPT_TAGS = ("receipt.tag_delivered", "receipt.tag_failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySource:
    """Where account ids are looked up: in `file` (absolute; by the head `column`, else the first column), or at `url`.

    Exactly one of `file` and `url` is there. `url` has the placeholder `{cabinet}`, to be filled percent-encoded, and
    is to answer within `timeout`.
    """

    file: Path | None
    column: str | None
    url: str | None
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What the file says, checked; names of the board are still names. `texts` are complete per language."""

    source: Source
    content: Content
    texts: abc.Mapping[str, Texts]

    @property
    def version(self) -> str:
        """12 hex digits that change when the content or a text changes, not when comments or the layout do."""
        canonical = json.dumps([self.source.value, self._orders(), self.texts], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @property
    def registry(self) -> RegistrySource | None:
        """Where account ids are looked up; None when they are believed."""
        verify = self.content.cabinet.verify if self.content.cabinet else None
        if verify is None:
            return None
        return RegistrySource(
            file=None if verify.file is None else list_file(self.source, verify.file),
            column=None if verify.column is None else verify.column.strip(),
            url=None if verify.url is None else verify.url.strip(),
            timeout=verify.timeout.calendar,
        )

    def clock_tags(self) -> tuple[str, ...]:
        """The tags that name the service class of a card."""
        return clock_tags(self.content)

    def rating_tags(self) -> tuple[str, ...]:
        """The tags a rating may put on cards: they are meant, though the board may not have all of them yet."""
        rating = self._rating()
        if rating is None or rating.store is not MarkStore.TAG:
            return ()
        return tuple(rating.tag.format(mark=mark.emoji) for mark in rating.marks)

    def receipt_tags(self) -> tuple[str, ...]:
        """The shipped names of the tags that tell whether answers arrived, where tags do: they are meant."""
        written = {steps[-1] for steps in self.written_receipt_tags()}
        if self.content.agent_receipts != AgentReceipt.TAG.value:
            return ()
        return tuple(self._default_texts()[name].strip() for name in _RECEIPT_TAGS if name not in written)

    def written_receipt_tags(self) -> dict[Steps, str]:
        """Those the mapping words itself, by their place in it: a typo there would make a new tag."""
        if self.content.agent_receipts != AgentReceipt.TAG.value:
            return {}
        tongue = self.content.default_language or self.content.languages[0]
        own = self.content.texts.get(tongue, {})
        return {("texts", tongue, name): own[name].strip() for name in _RECEIPT_TAGS if name in own}

    def _default_texts(self) -> Texts:
        return self.texts[self.content.default_language or self.content.languages[0]]

    def policy(self, board: BoardPolicy | None, limits: ChatLimits, comment_limit: int, today: date) -> Policy:
        """The mapping as data for the decision; `board` is what `resolve` made of its names.

        Public holidays are known for the year of `today` and a few around it.
        """
        content = self.content
        known = calendars(content, today)
        classes = {key: service_class(content, key, known) for key in content.classes}
        return Policy(
            version=self.version,
            topics=tuple(
                Topic(
                    key=leaf.key,
                    title=self._in_all(leaf.title),
                    service_class=str(leaf.class_[1] if leaf.class_ else next(iter(content.classes))),
                    tags=tuple(tag for _, tag in leaf.tags),
                    hint=self._in_all(leaf.hint),
                    group=leaf.group,
                )
                for leaf in leaves(content)
            ),
            groups_of_topics=tuple(
                TopicGroup(key=key, title=self._in_all(group.title), hint=self._in_all(group.hint))
                for key, group in groups(content).items()
            ),
            classes=classes,
            calendars=known,
            sla=sla_rule(content),
            cabinet=self._cabinet(),
            public=public_rule(content, board),
            guard=leak_guard(content),
            send_after=content.public.send_after.calendar,
            agent_receipt=AgentReceipt(content.agent_receipts),
            templates=templates(content, self.source),
            commands=command_rule(content),
            labels=labels(content),
            history=history_rule(content),
            incidents=incident_rule(content),
            card_title=single_braces(content.card.title.strip()),
            texts=self.texts,
            default_language=content.default_language or content.languages[0],
            receipt=Receipt(content.receipts.style),
            marks=Marks(
                stored=reaction_of(content.receipts.emoji),
                on_card=reaction_of(content.receipts.on_card),
                answered=reaction_of(content.receipts.answered),
                failed=reaction_of(content.receipts.failed),
            ),
            default_topic=None if content.default_topic is None else content.default_topic.strip(),
            unfinished_after=None if content.unfinished_after is None else content.unfinished_after.calendar,
            undecided_after=content.undecided_after.calendar,
            contact=content.contact == "optional",
            forget_on_leaving=content.log_out == "forget",
            edits=Edits(content.edits),
            chat_groups=Groups(content.groups),
            notices=frozenset(Meaning(change) for change in content.notices),
            warn_before=None if content.warn_before is None else content.warn_before.calendar,
            delays=self._delays(),
            rating=self._rating(),
            triggers=self._triggers(),
            quiet_hours=self._quiet_hours(),
            aliases={name.strip(): shown.strip() for name, shown in content.agents.names.items()},
            blocked_tag=None if content.blocked_tag is None else content.blocked_tag.strip(),
            reopen_within=content.reopen_within.calendar,
            album_wait=content.album_wait.calendar,
            sign_agents=content.sign_agents,
            people=people(content, self.source, known),
            escalation=escalation(content, classes),
            agreements=agreements(content, known),
            limits=limits,
            comment_limit=comment_limit,
            board=board,
        )

    def _orders(self) -> list[list[str]]:
        """What stands in an order that counts, though it is written as a mapping."""
        content = self.content
        parts = (content.triggers, content.templates, content.people, content.teams)
        return [[leaf.key for leaf in leaves(content)], *(list(part) for part in parts)]

    def _cabinet(self) -> CabinetRule | None:
        cabinet = self.content.cabinet
        if cabinet is None:
            return None
        return CabinetRule(
            pattern=cabinet.pattern,
            hint=self._in_all(cabinet.hint),
            picture=None if cabinet.picture is None else str(picture_file(self.source, cabinet.picture)),
            tag=cabinet.tag,
            verified=cabinet.verify is not None,
            accept_unknown=cabinet.verify is not None and cabinet.verify.unknown == "accept",
        )

    def _delays(self) -> DelayRule:
        told, marked = self.content.delays.tell_client_after, self.content.delays.mark_card_after
        return DelayRule(
            tell_client_after=None if told is None else told.calendar,
            mark_card_after=None if marked is None else marked.calendar,
        )

    def _rating(self) -> RatingRule | None:
        rating = self.content.rating
        if rating is None:
            return None
        return RatingRule(
            marks=tuple(
                Mark(key=(mark.key or mark.emoji).strip(), emoji=mark.emoji.strip(), low=mark.low)
                for mark in rating.marks
            ),
            ask_for_words=rating.ask_for_words,
            change_within=rating.change_within.calendar,
            at_most_every=rating.at_most_every.calendar,
            store=MarkStore(rating.store),
            tag="{mark}" if rating.tag is None else rating.tag.strip(),
        )

    def _triggers(self) -> tuple[Trigger, ...]:
        return tuple(
            Trigger(
                key=key,
                occasion=Occasion(trigger.when),
                after=trigger.after.calendar,
                text=self._in_all(trigger.text),
                close=trigger.close,
            )
            for key, trigger in self.content.triggers.items()
        )

    def _quiet_hours(self) -> QuietHours | None:
        quiet, hours = self.content.quiet_hours, self.content.hours
        if quiet is None:
            return None
        zone = quiet.zone or (hours.zone if hours else None)
        return None if zone is None else QuietHours(zone=ZoneInfo(zone), start=quiet.from_, end=quiet.to)

    def _in_all(self, titles: dict[str, str] | None) -> dict[str, str]:
        return per_language(titles, self.content.languages)

    def values_of(self, fact: str) -> tuple[str, ...]:
        """Every value that a fact can have on a card; nothing where that is not known beforehand."""
        content = self.content
        tongue = content.default_language or content.languages[0]
        match fact:
            case "topic":
                return tuple(self._in_all(leaf.title)[tongue] for leaf in leaves(content))
            case "class":
                return tuple(self._in_all(entry.title)[tongue] for entry in content.classes.values())
            case "language":
                return tuple(content.languages)
            case "verified":
                return tuple(self.texts[tongue][name] for name in ("fact.yes", "fact.no"))
            case "sla":
                return tuple(self.texts[tongue][f"fact.sla_{name}"] for name in ("good", "risk", "breached"))
            case "first_reply":
                return tuple(self.texts[tongue][f"fact.reply_{name}"] for name in ("waits", "good", "late"))
            case "rating":
                rating = self._rating()
                return () if rating is None else tuple(mark.emoji for mark in rating.marks)
            case _:
                return ()
