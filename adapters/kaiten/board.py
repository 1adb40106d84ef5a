"""Kaiten as the core sees it: orders carried out, changes read, files fetched, the layout told."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from adapters.kaiten import bonds, card_edits, slas
from adapters.kaiten.attachments import attachments, missing
from adapters.kaiten.changes import Changes
from adapters.kaiten.checkup import BoardCheckup, checkup
from adapters.kaiten.comments import Comments
from adapters.kaiten.creating import create, find
from adapters.kaiten.cursor import load_cursor
from adapters.kaiten.files import Files
from adapters.kaiten.http import PORT, Clock, Refused, Trip, WallClock, Wire
from adapters.kaiten.incoming import card_seen, fields, read_card, ref_numbers, whole, word
from adapters.kaiten.layout import read_layout
from adapters.kaiten.looking import inspect, survey
from adapters.kaiten.memory import Memory
from adapters.kaiten.outgoing import card_body, named_people
from adapters.kaiten.redacting import redact
from adapters.kaiten.tags import put_tag, take_tag
from adapters.kaiten.timers import timers
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
    SetBlock,
    SetDeadline,
    SetFacts,
    UnlinkCard,
    Urgency,
)
from connector.domain.events import Refusal
from connector.domain.layout import CardField, FieldKind, Layout
from connector.domain.refs import Ref
from connector.domain.sheet import Sheet, Sketch, Timer
from connector.ports import Arrival, Batch, Budget, Order, Rejected, Spool, Unavailable, WrongToken

LOOK_PAUSE = 1.0
"""Seconds to wait before looking for a card that an earlier attempt may have made: lists can lag a little."""


class KaitenBoard:
    """One Kaiten company under one token; implements `connector.ports.Board`. Connects at the first call.

    `base_url` looks like https://company.kaiten.ru/api/latest.
    Raises ValueError for an address or a token that cannot be one.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        budget: Budget,
        spool: Spool,
        poll_seconds: float = 3.0,
        look_pause: float = LOOK_PAUSE,
        clock: Clock | None = None,
        observe: Callable[[str, float], None] = lambda call, seconds: None,
    ) -> None:
        self._clock: Clock = clock or WallClock()
        self._wire = Wire(base_url=base_url, token=token, budget=budget, clock=self._clock, observe=observe)
        self._memory = Memory()
        self._files = Files(self._wire, self._memory)
        self._comments = Comments(self._files, spool, self._memory)
        self._changes = Changes(self._memory, self._clock, poll_seconds)
        self._spool = spool
        self._look_pause = look_pause
        self._me: int | None = None
        self._boards: tuple[str, ...] = ()
        self._space_of: dict[str, str] = {}
        self._fields: dict[str, CardField] = {}

    @property
    def name(self) -> str:
        """The `port` of every ref made here."""
        return PORT

    @property
    def restricted_files(self) -> bool:
        """Whether uploads take the restricted route: False until Kaiten refuses the public one, then True for good."""
        return self._files.restricted

    # ---- who and where

    async def identify(self) -> str:
        """Our account as "name (@username)". Raises WrongToken, Unavailable.

        https://developers.kaiten.ru/users/retrieve-current-user
        """
        try:
            user = fields(await self._wire.trip(Urgency.REPLY, patient=True).get("/users/current")) or {}
        except Refused as no:
            raise Unavailable(str(no)) from no
        number = whole(user.get("id"))
        if number is None:
            raise Unavailable("Kaiten did not tell whose token this is: check its address in the settings")
        self._me = number
        name, username = word(user.get("full_name")), word(user.get("username"))
        return f"{name} (@{username})" if name and username else name or username or f"user {number}"

    async def layout(self, spaces: Sequence[str]) -> Layout:
        """See `connector.ports.Board.layout`; kept for shaping card fields and for choosing lists."""
        try:
            layout = await read_layout(self._wire.trip(Urgency.REPLY, patient=True), spaces)
        except Refused as no:
            raise Unavailable(f"{no}: the token's user needs the right to see it") from no
        self._space_of.update((board.id, board.space) for board in layout.boards)
        people = named_people(layout.users)
        for known in layout.fields:
            self._fields[known.id] = replace(known, options=people) if known.kind is FieldKind.USER else known
        return layout

    async def checkup(self, boards: Sequence[str], spaces: Sequence[str], cards: Sequence[Ref] = ()) -> BoardCheckup:
        """Who we are, what we may do on these boards and in these spaces, how files on these cards came there.

        Raises Unavailable, WrongToken.
        """
        return await checkup(self._wire, self._files, boards, spaces, [ref_numbers(card)[0] for card in cards])

    # ---- reading

    def watch(self, boards: Sequence[str]) -> None:
        """The boards whose changes `read` must bring."""
        self._boards = tuple(dict.fromkeys(boards))

    def link(self, card: Ref) -> str | None:
        """The card's own page: the company's address with the card's number."""
        try:
            number, _ = ref_numbers(card)
        except ValueError:
            return None
        return f"{self._wire.site}/{number}"

    def hint(self) -> None:
        """Lets the next `read` look at once."""
        self._changes.hint()

    def receive(self, payload: bytes) -> None:
        """Takes the body of a webhook as a hint where to look. Never raises; nothing in the body is believed."""
        self._changes.receive(payload, self._me)

    async def read(self, cursor: str | None) -> Batch:
        """See `connector.ports.Port.read`; waits for the poll interval or a hint."""
        await self._changes.wait()
        if not self._boards:
            return Batch(arrivals=(), cursor=cursor)
        # A whole space costs as many calls as one board, and shows a card that went to another board of it.
        places = sorted({self._place(board) for board in self._boards})
        trip = self._wire.trip(Urgency.REPLY, patient=True)
        try:
            begin = load_cursor(cursor)
        except ValueError as error:
            raise Unavailable(f"the stored cursor cannot be read: {error}") from error
        try:
            return await self._changes.read(trip, cursor, begin, places, await self._own_id())
        except Refused as no:
            raise Unavailable(str(no)) from no

    async def reread(self, raw: str, received_at: datetime) -> Arrival | None:
        """A card that was kept aside, as it is read today; None for anything else: the next look tells it anew."""
        try:
            card = read_card(json.loads(raw))
        except (ValueError, RecursionError):
            return None
        if card is None or not card.external_id:
            return None
        return Arrival(key=(seen := card_seen(card, received_at)).key, raw=raw, event=seen)

    def _place(self, board: str) -> str:
        space = self._space_of.get(board)
        return f"space:{space}" if space else f"board:{board}"

    async def _own_id(self) -> int:
        if self._me is None:
            await self.identify()
        assert self._me is not None
        return self._me

    # ---- comparing

    async def survey(
        self, boards: Sequence[str], *, archived: bool = False
    ) -> AsyncGenerator[tuple[Sketch, ...], None]:
        """See `connector.ports.Board.survey`. A space's boards are listed together: that takes no more calls."""
        trip = self._wire.trip(Urgency.RESYNC, patient=True)
        options = self._options()
        try:
            for place in sorted({self._place(board) for board in boards}):
                async for page in survey(trip, place, self._clock.now(), options, archived=archived):
                    yield page
        except Refused as no:
            raise Unavailable(str(no)) from no

    async def inspect(self, card: Ref, made: Collection[Ref] = ()) -> Sheet | None:
        """See `connector.ports.Board.inspect`."""
        number, _ = ref_numbers(card)
        trip = self._wire.trip(Urgency.RESYNC, patient=True)
        try:
            return await inspect(trip, number, await self._own_id(), self._clock.now(), self._options(), made)
        except Refused as no:
            raise Unavailable(str(no)) from no

    async def timers(self, card: Ref) -> tuple[Timer, ...] | None:
        """See `connector.ports.Board.timers`."""
        number, _ = ref_numbers(card)
        return await timers(self._wire.trip(Urgency.RESYNC, patient=True), number)

    def _options(self) -> dict[str, str]:
        return {id_: title for field in self._fields.values() for id_, title in field.options}

    def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """The bytes of a file in chunks of at most 64 KiB. Raises Unavailable, Rejected, WrongToken."""
        return self._files.fetch(file)

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._wire.aclose()
        await self._files.aclose()

    # ---- writing

    async def perform(self, order: Order[BoardEffect]) -> tuple[Ref, ...]:
        """Carries an order out. Raises Unavailable, Rejected, WrongToken.

        "Surely not done" is said only when no request of this or an earlier attempt may have taken effect.
        """
        trip = self._wire.trip(order.urgency)
        if isinstance(order.effect, Redact) and order.effect.at is not None:
            order = replace(order, card=order.effect.at)
        try:
            made = await self._carry_out(trip, order)
            self._changes.wrote()
            return made
        except Refused as no:
            rejection = await self._rejection(trip, order, no)
            raise rejection from no
        except Unavailable as no:
            surely = not trip.wrote and order.attempt == 1
            raise Unavailable(
                no.reason, retry_after=no.retry_after, surely_not_done=surely, elsewhere=no.elsewhere
            ) from no
        except WrongToken as no:
            if trip.wrote:  # a part is done: the next attempt must look
                raise Unavailable(str(no)) from no
            raise

    async def _carry_out(self, trip: Trip, order: Order[BoardEffect]) -> tuple[Ref, ...]:
        match order.effect:
            case CreateCard() as effect:
                return await self._create(trip, effect, order.attempt)
            case AddComment() as effect:
                return await self._comments.add(trip, _card_of(order), await self._own_id(), effect, order.attempt)
            case EditComment() as effect:
                made = order.made.get(effect.target, ())
                return await self._comments.edit(
                    trip, _card_of(order), await self._own_id(), effect, made, order.attempt
                )
            case AddFiles() as effect:
                return await self._add_files(trip, _card_of(order), effect, order.attempt)
            case AddTag() as effect:
                await put_tag(trip, _card_of(order), effect.name)
            case RemoveTag() as effect:
                await take_tag(trip, _card_of(order), effect.name)
            case SetFacts() as effect:
                await card_edits.set_facts(trip, _card_of(order), effect, self._fields)
            case SetBlock() as effect:
                await card_edits.set_block(trip, _card_of(order), effect)
            case AssignCard() as effect:
                await card_edits.assign(trip, _card_of(order), effect)
            case MoveCard() as effect:
                await card_edits.move(trip, _card_of(order), effect)
            case ReplaceCard() as effect:
                await card_edits.replace(trip, _card_of(order), effect)
            case SetDeadline() as effect:
                await card_edits.set_deadline(trip, _card_of(order), effect)
            case BindCard() as effect:
                await card_edits.bind(trip, _card_of(order), effect)
            case Redact() as effect:
                await redact(trip, self._files, _card_of(order), await self._own_id(), effect)
            case LinkCard() as effect:
                await bonds.link(trip, _card_of(order), effect, order.attempt)
            case UnlinkCard() as effect:
                await bonds.unlink(trip, _card_of(order), effect)
            case AttachSla() as effect:
                await slas.attach(trip, _card_of(order), effect, order.attempt)
            case DetachSla() as effect:
                await slas.detach(trip, _card_of(order), effect, order.attempt)
            case _:
                assert_never(order.effect)
        return ()

    async def _create(self, trip: Trip, effect: CreateCard, attempt: int) -> tuple[Ref, ...]:
        if effect.spot is None:
            raise Rejected("the card has no place on the board: the mapping names none")
        # Lists may lag: a card is looked for twice, with a pause before each look.
        for _ in range(2 if attempt > 1 else 0):
            await self._clock.sleep(self._look_pause)
            if (found := await find(trip, effect.external_id)) is not None:
                return (found.ref,)
        card = await create(trip, card_body(effect, effect.spot, self._fields))
        self._memory.created(card)
        return (card.ref,)

    async def _add_files(self, trip: Trip, card: int, effect: AddFiles, attempt: int) -> tuple[Ref, ...]:
        """https://developers.kaiten.ru/card-files/attach-file-to-card"""
        files = effect.files
        if attempt > 1:
            there = attachments(fields(await trip.get(f"/cards/{card}", {"broken_api": False})))
            files = missing(files, [file for file in there if file.comment is None])
        made: list[Ref] = []
        refused: Rejected | None = None
        for file in files:
            try:
                if not file.obtainable:
                    raise Rejected(f"the bytes of {file.name!r} cannot be had", Refusal.TOO_BIG)
                async with self._spool.open(file) as path:
                    made.append(await self._files.attach_to_card(trip, card, (file, path)))
            except Rejected as no:
                refused = refused or no  # the others still go
        if refused is not None:
            raise refused
        return tuple(made)

    async def _rejection(self, trip: Trip, order: Order[BoardEffect], no: Refused) -> Rejected:
        """What a refusal means for the order. Kaiten answers 403 for a card that is not there: the card itself tells.

        Raises Unavailable, WrongToken when it cannot be asked.
        """
        refusal = _REFUSALS.get(no.status, Refusal.INVALID)
        if no.status in (403, 404) and order.card is not None:
            refusal = Refusal.GONE
            path = f"/cards/{_card_of(order)}"
            if no.call != f"GET {path}":
                try:
                    card = read_card(await trip.get(path, {"broken_api": False}))
                except Refused:
                    card = None
                except Unavailable as silent:
                    raise Unavailable(silent.reason, retry_after=silent.retry_after) from no
                if card is not None and not card.gone:
                    refusal = Refusal.FORBIDDEN
        return Rejected(str(no), refusal)


_REFUSALS = {402: Refusal.FORBIDDEN, 403: Refusal.FORBIDDEN, 413: Refusal.TOO_BIG}


def _card_of(order: Order[BoardEffect]) -> int:
    if order.card is None:
        raise Rejected("the order came without its card")
    try:
        card, _ = ref_numbers(order.card)
    except ValueError as error:
        raise Rejected(str(error)) from error
    return card
