"""The board side in memory: cards that carry a ticket's id, comments that carry our signature, orders carried out."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar, assert_never

from adapters.memory import telling
from adapters.memory.board_world import BoardWorld, Card, Comment
from adapters.memory.paper import continued, page, rewritten
from adapters.memory.telling import PORT, card_ref, comment_ref, file_ref
from adapters.memory.weather import CALM, Weather
from connector.domain.card import with_block, within
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    AssignCard,
    AttachSla,
    BindCard,
    BoardEffect,
    CreateCard,
    DetachSla,
    EditComment,
    LinkCard,
    MoveCard,
    Redact,
    RemoveTag,
    ReplaceCard,
    Section,
    SetBlock,
    SetDeadline,
    SetFacts,
    Spot,
    UnlinkCard,
)
from connector.domain.events import (
    Refusal,
)
from connector.domain.forgotten import tells, without, without_in_block
from connector.domain.layout import BoardLayout, Column, Layout
from connector.domain.refs import Key, Ref
from connector.domain.sheet import Sheet, Sketch, Timer
from connector.domain.signature import sign, signatures
from connector.domain.text import units
from connector.domain.words import File
from connector.ports import Arrival, Batch, Budget, Order, Rejected, Spool

PAGE = 100
"""Cards in one page of a list."""
COMMENT_LIMIT = 4096
"""UTF-16 units one comment may have."""

E = TypeVar("E", bound=BoardEffect)


class MemoryBoard:
    """A `connector.ports.Board` over a `BoardWorld`. `poll_seconds` is how long a read waits for a change."""

    def __init__(
        self,
        world: BoardWorld,
        *,
        weather: Weather = CALM,
        budget: Budget | None = None,
        spool: Spool | None = None,
        poll_seconds: float = 3.0,
    ) -> None:
        self._world = world
        self._weather = weather
        self._budget = budget
        self._spool = spool
        self._poll_seconds = poll_seconds

    @property
    def name(self) -> str:
        """The `port` of every ref made here."""
        return PORT

    async def identify(self) -> str:
        """See `connector.ports.Port`."""
        async with self._call("board.identify"):
            return self._world.account

    async def layout(self, spaces: Sequence[str]) -> Layout:
        """One board per board that cards stand on, with their columns."""
        async with self._call("board.layout"):
            cards = self._world.cards.values()
            boards = {card.board: sorted({each.column for each in cards if each.board == card.board}) for card in cards}
        return Layout(
            spaces=tuple((space, space) for space in spaces),
            boards=tuple(
                BoardLayout(
                    id=board, title=board, space="", columns=tuple(Column(id=each, title=each) for each in columns),
                    lanes=(),
                )
                for board, columns in sorted(boards.items())
            ),
            users=(), fields=(),
        )  # fmt: skip

    def watch(self, boards: Sequence[str]) -> None:
        """Every card that carries a ticket's id is watched anyway."""

    def link(self, card: Ref) -> str | None:
        """Nobody has a browser here."""
        return None

    def hint(self) -> None:
        """Lets a waiting read look at once."""
        self._world.changed.ring()

    async def read(self, cursor: str | None) -> Batch:
        """What has changed since the cursor (a place in the log); without one, everything there is."""
        async with self._call("board.read"):
            since = int(cursor) if cursor else 0
            if len(self._world.changes) <= since:
                await self._world.changed.wait(self._poll_seconds)
            events = [telling.event_of(self._world, change) for change in self._world.changes[since:]]
            arrivals = {
                event.key: Arrival(key=event.key, raw=json.dumps({"key": event.key}), event=event)
                for event in events
                if event is not None
            }
            batch = Batch(arrivals=tuple(arrivals.values()), cursor=str(len(self._world.changes)))
        return batch

    async def survey(
        self, boards: Sequence[str], *, archived: bool = False
    ) -> AsyncGenerator[tuple[Sketch, ...], None]:
        """See `connector.ports.Board.survey`."""
        offset = 0
        while True:
            async with self._call("board.survey"):
                there = [
                    card
                    for card in self._world.cards.values()
                    if card.board in boards and not card.deleted and card.archived == archived
                ]
                page = [telling.sketch(self._world, card) for card in there[offset : offset + PAGE]]
            yield tuple(page)
            if len(page) < PAGE:
                return
            offset += PAGE

    async def timers(self, card: Ref) -> tuple[Timer, ...] | None:
        """No card has timers of its own here."""
        return None

    async def inspect(self, card: Ref, made: Collection[Ref] = ()) -> Sheet | None:
        """See `connector.ports.Board.inspect`."""
        async with self._call("board.inspect"):
            found = self._world.cards.get(int(card.id))
            if found is None or found.deleted:
                return None
            notes = [comment for comment in found.comments if not comment.deleted]
            there = {comment_ref(comment) for comment in notes} | {file_ref(found.id, file) for file in found.files}
            return Sheet(
                sketch=telling.sketch(self._world, found),
                description=found.description,
                notes=tuple(telling.note(self._world, found, comment) for comment in notes),
                files=tuple(file.name for file in found.files),
                lacking=frozenset(
                    ref for ref in made if ref.id.partition("/")[0] == card.id and "/" in ref.id and ref not in there
                ),
                removed=frozenset(comment_ref(comment) for comment in found.comments if comment.deleted),
            )

    async def perform(self, order: Order[BoardEffect]) -> tuple[Ref, ...]:
        """Carries the order out; above the first attempt it looks before it writes."""
        effect = order.effect
        match effect:
            case CreateCard():
                return await self._create(order, effect)
            case AddComment():
                return await self._comment(order, effect)
            case EditComment():
                return await self._edit(order, effect)
            case AddFiles():
                return await self._add_files(order, effect)
            case AddTag():
                async with self._call("board.tag", order):
                    card = self._card(order)
                    if effect.name not in card.tags:
                        card.tags.append(effect.name)
                        self._world.touch(card)
            case RemoveTag():
                async with self._call("board.tag", order):
                    card = self._card(order)
                    if effect.name in card.tags:
                        card.tags.remove(effect.name)
                        self._world.touch(card)
            case SetFacts():
                async with self._call("board.facts", order):
                    card = self._card(order)
                    fields = {**card.fields, **(effect.fields or {})}
                    if fields != card.fields:
                        card.fields = fields
                        self._world.touch(card)
            case SetBlock():
                async with self._call("board.block", order):
                    card, block = self._card(order), effect.block
                    there = card.description
                    self._world.describe(card, within(there, block) if block else with_block(there, block))
            case AssignCard():
                async with self._call("board.assign", order):
                    self._world.assign(self._card(order), effect.user)
            case MoveCard():
                spot = _spot(effect)
                async with self._call("board.move", order):
                    self._world.move(self._card(order), column=spot.column, lane=spot.lane, board=spot.board)
            case ReplaceCard():
                spot = _spot(effect)
                async with self._call("board.replace", order):
                    card = self._card(order)
                    if not effect.keeps_due:
                        self._world.schedule(card, effect.due_at)
                    self._world.move(card, column=spot.column, lane=spot.lane, board=spot.board)
            case SetDeadline():
                async with self._call("board.deadline", order):
                    self._world.schedule(self._card(order), effect.due_at)
            case BindCard():
                async with self._call("board.bind", order):
                    card = self._card(order)
                    if card.external_id not in ("", effect.external_id):
                        raise Rejected("the card carries somebody else's id")
                    if not card.external_id:
                        card.external_id = effect.external_id
                        self._world.touch(card)
            case Redact():
                await self._redact(order, effect)
            case LinkCard():
                async with self._call("board.link", order):
                    self._card(order).parents.add(effect.parent.id)
            case UnlinkCard():
                async with self._call("board.link", order):
                    self._card(order).parents.discard(effect.parent.id)
            case AttachSla():
                async with self._call("board.sla", order):
                    card = self._card(order)
                    if not card.service_desk:
                        raise Rejected("only a request of the service desk can have an agreement")
                    if order.attempt == 1 or effect.sla not in card.slas:
                        card.slas.append(effect.sla)
            case DetachSla():
                async with self._call("board.sla", order):
                    card = self._card(order)
                    card.slas = [each for each in card.slas if each != effect.sla]
            case _:
                assert_never(effect)
        return ()

    async def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """See `connector.ports.Port`."""
        content = self._world.contents.get(file.id)
        if content is None:
            raise Rejected(f"there is no file {file.id}", Refusal.GONE)
        yield content

    async def aclose(self) -> None:
        """Nothing is held."""

    # ---- orders

    async def _create(self, order: Order[BoardEffect], effect: CreateCard) -> tuple[Ref, ...]:
        spot = effect.spot
        if spot is None:
            raise Rejected("nobody said where to")
        if order.attempt > 1:
            async with self._call("board.look", order):
                found = self._by_external_id(effect.external_id)
            if found is not None:
                return (card_ref(found.id),)
        async with self._call("board.create", order):
            card = self._world.open(
                Card(
                    id=self._world.number(), external_id=effect.external_id, title=effect.title,
                    description=effect.description, board=spot.board, column=spot.column or self._world.column,
                    lane=spot.lane, at=self._world.clock(), due_at=effect.due_at, responsible=spot.responsible,
                    fields=dict(spot.fields),
                )
            )  # fmt: skip
        return (card_ref(card.id),)

    async def _comment(self, order: Order[BoardEffect], effect: AddComment) -> tuple[Ref, ...]:
        there: dict[Key, Comment] = {}
        if order.attempt > 1:
            async with self._call("board.look", order):
                # An archived card can still be read: what reached it before it was put away was done.
                there = self._holders(self._card(order, archived=True), effect.sections)
        lacking = [section for section in effect.sections if section.key not in there]
        for section in lacking:
            await self._bring(section.files)
        if lacking:
            async with self._call("board.comment", order):
                made = self._write(self._card(order), lacking, internal=effect.internal)
            there |= {section.key: made for section in lacking}
        refs = dict.fromkeys(comment_ref(there[section.key]) for section in effect.sections)
        return tuple(refs)

    async def _edit(self, order: Order[BoardEffect], effect: EditComment) -> tuple[Ref, ...]:
        section = effect.section
        await self._bring(section.files)
        async with self._call("board.look", order):
            card = self._card(order, archived=order.attempt > 1)
            holder = self._holders(card, (section,)).get(section.key)
            if effect.append:
                section = replace(section, key=effect.key)  # of a comment of its own, where it needs one
                own = self._holders(card, (section,)).get(section.key)
                if own is not None and own is not holder:
                    return (comment_ref(own),)
        if holder is not None and order.attempt > 1 and _changed(holder.raw, effect) == holder.raw:
            return (comment_ref(holder),)
        async with self._call("board.edit", order):
            card = self._card(order)
            text = "" if holder is None else _changed(holder.raw, effect)
            if holder is None or holder.deleted or (effect.append and units(text) > COMMENT_LIMIT):
                # It never got here, or somebody deleted it, or the card is another one now: the words are not lost.
                return (comment_ref(self._write(card, (section,), internal=effect.internal)),)
            self._world.rewrite(holder, self._fitting(text))
            holder.files += [file for file in section.files if file not in holder.files]
        return (comment_ref(holder),)

    async def _add_files(self, order: Order[BoardEffect], effect: AddFiles) -> tuple[Ref, ...]:
        await self._bring(effect.files)
        there = self._card(order).id
        for file in effect.files:
            if order.attempt > 1:
                async with self._call("board.look", order):
                    if file in self._card(order).files:
                        continue
            async with self._call("board.file", order):
                card = self._card(order)
                card.files.append(file)
                self._world.touch(card)
        return tuple(file_ref(there, file) for file in effect.files)

    async def _redact(self, order: Order[BoardEffect], effect: Redact) -> None:
        async with self._call("board.redact", order):
            card = self._card(replace(order, card=effect.at or order.card), archived=True)
            for comment in card.comments:
                if not telling.mine(self._world, comment) or comment.deleted:
                    continue
                mark = signatures(comment.raw)[0]
                kept = without(comment.raw, effect.needles) if effect.needles else ""
                text = kept if signatures(kept) else f"{mark}{kept or effect.notice}"
                if text != comment.raw:
                    self._world.rewrite(comment, text)
                if not effect.needles:
                    comment.files.clear()
            if effect.needles:
                self._world.describe(card, without_in_block(card.description, effect.needles))
                if effect.title and tells(card.title, effect.needles):
                    card.title = effect.title
                    self._world.touch(card)
            else:
                card.title, card.files = effect.title, []
                card.tags = [tag for tag in card.tags if tag not in effect.tags]
                card.fields = {name: value for name, value in card.fields.items() if name not in (effect.fields or ())}
                self._world.describe(card, effect.notice)
                self._world.touch(card)

    async def _bring(self, files: Sequence[File]) -> None:
        for file in files:
            if self._spool is not None and file.ref.port != PORT:
                async with self._spool.open(file) as path:
                    self._world.contents[file.ref.id] = path.read_bytes()

    def _write(self, card: Card, sections: Sequence[Section], *, internal: bool) -> Comment:
        files = tuple(file for section in sections for file in section.files)
        text = self._fitting(page(sections))
        return self._world.comment(
            card, text, author=self._world.account, name="Connector", internal=internal, files=files
        )

    def _fitting(self, text: str) -> str:
        if units(text) > COMMENT_LIMIT:
            raise Rejected(f"a comment longer than {COMMENT_LIMIT}")
        return text

    def _card(self, order: Order[BoardEffect], *, archived: bool = False) -> Card:
        ref = order.card
        card = self._world.cards.get(int(ref.id)) if ref is not None and ref.port == PORT else None
        if card is None or card.deleted or (card.archived and not archived):
            raise Rejected("the card is gone", Refusal.GONE)
        return card

    def _by_external_id(self, external_id: str) -> Card | None:
        return next(
            (card for card in self._world.cards.values() if card.external_id == external_id and not card.deleted), None
        )

    def _holders(self, card: Card, sections: Sequence[Section]) -> dict[Key, Comment]:
        """Which comment of ours holds each section, where one does."""
        ours = [each for each in card.comments if telling.mine(self._world, each) and not each.deleted]
        found = {}
        for section in sections:
            holder = next((each for each in ours if sign(section.key) in signatures(each.raw)), None)
            if holder is not None:
                found[section.key] = holder
        return found

    @asynccontextmanager
    async def _call(self, name: str, order: Order[BoardEffect] | None = None) -> AsyncIterator[None]:
        """One call to the tool: its place in the budget, and the weather around it."""
        if self._budget is None or order is None:
            await self._weather.before(name)
            yield
        else:
            async with self._budget.call(order.urgency):
                await self._weather.before(name)
                yield
        await self._weather.after(name)


def _spot(effect: MoveCard | ReplaceCard) -> Spot:
    if effect.spot is None:
        raise Rejected("nobody said where to")
    return effect.spot


def _changed(raw: str, effect: EditComment) -> str:
    return continued(raw, effect.section, effect.key) if effect.append else rewritten(raw, effect.section)
