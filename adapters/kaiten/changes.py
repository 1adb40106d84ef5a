"""What happened in Kaiten since the cursor: two lists for each place, the archive now and then, webhooks as hints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.kaiten.attachments import Attachment, as_file, attachments
from adapters.kaiten.cursor import BEGINNING, OVERLAP, Cursor, Position
from adapters.kaiten.hints import Hint, hints
from adapters.kaiten.http import Clock, Refused, Trip
from adapters.kaiten.incoming import (
    Card,
    Comment,
    arrival,
    attached,
    card_seen,
    commented,
    edited,
    fields,
    joined_later,
    read_card,
    read_comment,
    removed,
    unreadable,
)
from adapters.kaiten.listing import Lead, all_live, commented_since, latest, newest, updated_since
from adapters.kaiten.memory import Mark, Memory, Pointer
from adapters.kaiten.sections import alike
from connector.ports import Arrival, Batch

SHELF_EVERY = 5
"""Every how many looks the archive is looked into as well."""
SWEEP_EVERY = timedelta(minutes=10)
"""How often all live cards are listed, to notice those that vanished, or were commented on, without a trace."""
SWEEP_CONFIRMS = 20
"""Vanished cards asked for one by one in one sweep, at most."""
BUSY_SECONDS = 10.0
"""Longest gap between two looks while we write much: looking takes places that cards are waiting for."""
CALLS_A_LOOK = 2
SHARE = 20
"""While we write, a look waits until so many writes were made for each call it takes (but not past BUSY_SECONDS)."""
HINT_GAP = 0.5
"""Seconds between two looks at least, however many hints come."""
POINTED = 500
"""Cards pointed at by webhooks and not yet looked at, at most; beyond them the lists must do."""
_POINTING = frozenset(("comment:update", "comment:remove", "file:add"))
"""Webhooks about what no list shows."""
_HANDING = frozenset(("card_member:add", "card_member:update", "card_member:remove"))
"""Webhooks about who has a card: its version stays as it is."""
_TAKING = "card_member:update"
"""Somebody became responsible: where a person shares our account, it may be they who took the card."""


@dataclass(slots=True, kw_only=True)
class _Look:
    """One look: what it asks with, what it has found."""

    trip: Trip
    me: int
    floor: datetime
    arrivals: list[Arrival]


class Changes:
    """Reads one company for as long as the process lives."""

    def __init__(self, memory: Memory, clock: Clock, poll_seconds: float) -> None:
        self._memory = memory
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._hinted = asyncio.Event()
        self._pointed: dict[int, Pointer] = {}
        self._looks = 0
        self._looked_at: datetime | None = None
        self._swept_at: datetime | None = None
        self._leads: dict[tuple[str, bool], Lead] = {}
        self._written = 0
        self._wrote_at: datetime | None = None

    # ---- when to look

    def hint(self) -> None:
        """Lets the next look begin at once."""
        self._hinted.set()

    def receive(self, payload: bytes, me: int | None) -> None:
        """Takes a webhook's body as a hint; anything may be in it, nothing in it is believed. Never raises."""
        try:
            body = json.loads(payload)
        except (ValueError, RecursionError):
            return
        for hint in hints(body):
            echo = hint.author is not None and hint.author == me
            if echo and hint.kind != _TAKING and not (hint.kind in _POINTING and self._strange(hint)):
                continue  # what we did ourselves is no news
            if hint.shelved or hint.kind in _HANDING or (hint.kind in _POINTING and hint.comment is not None):
                self._point(hint)
            self.hint()

    def _strange(self, hint: Hint) -> bool:
        """Whether somebody else acted, who may share our account: on a comment that is not known to be ours, or by
        deleting one that we did not."""
        if hint.kind == "comment:remove":
            return hint.comment is not None and hint.comment not in self._memory.dropped
        return hint.comment is not None and hint.comment not in self._memory.ours

    def _point(self, hint: Hint) -> None:
        """Remembers a card to be looked at by itself."""
        if len(self._pointed) >= POINTED and hint.card not in self._pointed:
            return
        before = self._pointed.get(hint.card, Pointer())
        gone = {hint.comment} if hint.kind == "comment:remove" and hint.comment is not None else set()
        self._pointed[hint.card] = Pointer(removed=before.removed | gone)

    async def wait(self) -> None:
        """Until the poll interval has passed since the last look, or a hint came."""
        if self._looked_at is not None:
            passed = max((self._clock.now() - self._looked_at).total_seconds(), 0.0)
            gap = min(HINT_GAP, self._poll_seconds)
            if passed < gap:
                await self._clock.sleep(gap - passed)
                passed = gap
            if passed < self._poll_seconds and not self._hinted.is_set():
                await self._first_of(self._poll_seconds - passed)
            await self._stretch()
        self._hinted.clear()
        self._written = 0
        self._looked_at = self._clock.now()

    def wrote(self) -> None:
        """An order of ours was carried out."""
        self._written += 1
        self._wrote_at = self._clock.now()

    async def _stretch(self) -> None:
        """Waits on while we write much, unless a hint comes."""
        while not self._hinted.is_set() and self._looked_at is not None and self._wrote_at is not None:
            now = self._clock.now()
            resting = (now - self._wrote_at).total_seconds() > 1.0
            late = (now - self._looked_at).total_seconds() >= max(BUSY_SECONDS, self._poll_seconds)
            if resting or late or self._written >= SHARE * CALLS_A_LOOK:
                return
            await self._first_of(0.5)

    async def _first_of(self, seconds: float) -> None:
        asleep = asyncio.ensure_future(self._clock.sleep(seconds))
        hinted = asyncio.ensure_future(self._hinted.wait())
        try:
            await asyncio.wait((asleep, hinted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            hinted.cancel()

    # ---- looking

    async def read(self, trip: Trip, stored: str | None, cursor: Cursor, places: Sequence[str], me: int) -> Batch:
        """One look from `cursor` on, which is `stored` read. Raises Unavailable, WrongToken, Refused; then nothing
        of it counts."""
        for number, pointer in self._memory.settle(stored).items():
            if self._pointed.get(number) is pointer:
                del self._pointed[number]
        start = {place: cursor.places.get(place) or await self._first(trip, place) for place in places}
        floor = Cursor(places=start).floor
        look = _Look(trip=trip, me=me, floor=floor, arrivals=[])
        pointed = dict(self._pointed)
        shelf = self._looks % SHELF_EVERY == 0
        reached: dict[str, Position] = {}
        cards: list[object] = []
        for place, position in start.items():
            reached[place], seen = await self._lists(trip, place, position, shelf=shelf)
            cards += seen
        for payload in cards:
            await self._card(look, payload)
        for number, pointer in pointed.items():
            await self._again(look, number, pointer)
            self._memory.answered(number, pointer)
        await self._sweep(look, places)
        self._looks += 1
        serial = cursor.serial + 1 if look.arrivals else cursor.serial
        following = Cursor(serial=serial, places={**cursor.places, **reached}).dump()
        self._memory.hand_out(following)
        arrivals = sorted(look.arrivals, key=lambda one: one.event.at if one.event else BEGINNING)
        return Batch(arrivals=tuple(arrivals), cursor=following)

    @staticmethod
    async def _first(trip: Trip, place: str) -> Position:
        """Where to begin in a place never read before: at the newest that Kaiten shows there, by its own clock."""
        live = [await newest(trip, place, stamp, archived=False) for stamp in ("updated", "comment_last_added_at")]
        shelf = [await newest(trip, place, stamp, archived=True) for stamp in ("updated", "comment_last_added_at")]
        return Position(
            cards=live[0], comments=live[1], shelf_cards=max(live[0], shelf[0]), shelf_comments=max(live[1], shelf[1])
        )

    async def _lists(self, trip: Trip, place: str, start: Position, *, shelf: bool) -> tuple[Position, list[object]]:
        """The cards of a place that may be news, and how far that reaches. The archive comes after the live cards:
        a card on its way into it is then seen in one of the two."""
        changed = await updated_since(trip, place, start.cards - OVERLAP, archived=False)
        leads = [self._leads.setdefault((place, archived), Lead()) for archived in (False, True)]
        since = start.comments - OVERLAP
        talked = await commented_since(trip, place, since, archived=False, thorough=shelf, lead=leads[0])
        reached = replace(
            start,
            cards=latest(changed, "updated", start.cards),
            comments=latest(talked, "comment_last_added_at", start.comments),
        )
        seen = [*changed, *talked]
        if shelf:
            put_away = await updated_since(trip, place, start.shelf_cards - OVERLAP, archived=True)
            seen += put_away
            seen += await commented_since(trip, place, start.shelf_comments - OVERLAP, archived=True, lead=leads[1])
            shelf_cards = latest(put_away, "updated", start.shelf_cards)
            reached = replace(reached, shelf_cards=shelf_cards, shelf_comments=reached.comments)
        return reached, seen

    async def _card(self, look: _Look, payload: object, pointer: Pointer | None = None) -> None:
        """One card as a list or `GET /cards/{id}` shows it: only those with an external id are ours."""
        card = read_card(payload)
        if card is None:
            self._tell(look, unreadable(payload, "a card without an id"))
            return
        if not card.external_id:
            return
        self._see(look, card, payload)
        if pointer is None:
            for _ in range(40):  # a comment of ours is on its way: what the list shows may be that
                if not self._memory.writing(card.id) or not self._unread(card, look.floor):
                    break
                await self._clock.sleep(0.05)
            if not self._unread(card, look.floor):
                return
        await self._comments(look, card, pointer)

    def _see(self, look: _Look, card: Card, payload: object) -> None:
        known = self._memory.card(card.id)
        handed = None
        if known is not None and "members" not in (fields(payload) or {}):
            card = replace(card, responsible=known.responsible)
        if known is not None and known.version == card.version and known.responsible != card.responsible:
            handed = self._clock.now()
        if known is None or known.version <= card.version:
            self._memory.note_card(card)
        if self._memory.mark(card.id) is None and not self._unread(card, look.floor):
            self._memory.note_mark(card.id, Mark(total=card.comments, last=card.commented_at))  # all of it was read
        event = card_seen(card, self._clock.now(), handed=handed)
        self._tell(look, arrival(event, payload))
        if handed is not None:  # the next look says the same without the moment
            self._memory.first_time(card_seen(card, handed).key)

    def _unread(self, card: Card, floor: datetime) -> bool:
        """Whether the card may have comments we have neither read nor written."""
        if not card.tells_of_comments:
            return True  # only the comments themselves can tell
        mark = self._memory.mark(card.id)
        total = card.comments or 0
        if total == 0 and card.commented_at is None:
            return False
        if mark is None:
            return card.commented_at is None or card.commented_at >= floor
        older = mark.last is not None and card.commented_at is not None and card.commented_at < mark.last
        if older and total < (mark.total or 0):
            return False  # the list is behind what we wrote
        return card.commented_at != mark.last or total > (mark.total or 0)

    async def _comments(self, look: _Look, card: Card, pointer: Pointer | None) -> None:
        """What agents wrote on a card.

        https://developers.kaiten.ru/card-comments/retrieve-card-comments
        """
        try:
            payloads = await look.trip.listed(f"/cards/{card.id}/comments")
        except Refused as no:
            if no.status not in (403, 404):
                raise
            return  # gone meanwhile: that itself is told by another look
        seen = self._clock.now()
        agents: list[tuple[Comment, object]] = []
        present: set[int] = set()
        for payload in payloads:
            comment = read_comment(payload, seen)
            if comment is None:
                self._tell(look, unreadable(payload, f"a comment of card {card.id} without an id"))
                continue
            present.add(comment.id)
            if comment.mine(look.me) or self._unanswered(look, comment, card):
                self._memory.recognise(comment.id)
            elif comment.id not in self._memory.ours:
                agents.append((comment, payload))
        # As they were written, whichever way the server lists them: two of one moment would else be told reversed.
        agents.sort(key=lambda entry: (entry[0].created, entry[0].id))
        fresh = any(self._memory.text_of(comment.id) is None for comment, _ in agents if not comment.deleted)
        files = await self._files(look.trip, card) if fresh or pointer else ()
        for comment, payload in agents:
            if comment.deleted:
                self._tell(look, arrival(removed(card, comment.id, comment.updated), payload))
                continue
            hanging = [attachment for attachment in files if attachment.belongs_to(comment)]
            self._agent_comment(look, card, comment, payload, hanging, again=pointer is not None)
        for number in (pointer.removed if pointer else set()) - present - self._memory.dropped.keys():
            event = removed(card, number, self._clock.now())
            self._tell(look, arrival(event, {"event": "comment:remove", "card_id": card.id, "id": number}))
        self._memory.note_mark(card.id, Mark(total=card.comments, last=card.commented_at))

    def _unanswered(self, look: _Look, comment: Comment, card: Card) -> bool:
        """Whether it is what we wrote without hearing that it was added, its signature stripped."""
        written = self._memory.unsure.get(card.id, ()) if comment.author == look.me else ()
        return any(alike(comment.raw, text) for text in written)

    def _agent_comment(
        self, look: _Look, card: Card, comment: Comment, payload: object, hanging: Sequence[Attachment], *, again: bool
    ) -> None:
        """A comment is told with the files that came with it; its later texts and files are told by themselves."""
        files = [(as_file(card.id, attachment, comment.uid), attachment) for attachment in hanging]
        told = self._memory.text_of(comment.id)
        if told is None:
            together = [file for file, attachment in files if not joined_later(attachment.created, comment)]
            self._tell(look, arrival(commented(card, comment, tuple(together)), payload))
            for file in together:
                self._memory.first_time(file.ref.key)
        # Older than what we have read, or pointed at: its first text may have been told by an earlier process.
        unsure = told is None and comment.edited and (again or comment.created < look.floor)
        if unsure or (told is not None and told != comment.fingerprint):
            self._tell(look, arrival(edited(card, comment), payload))
        self._memory.note_text(comment.id, comment.fingerprint)
        for file, attachment in files:
            self._tell(look, arrival(attached(card, comment, file, attachment.created), payload))

    @staticmethod
    async def _files(trip: Trip, card: Card) -> tuple[Attachment, ...]:
        """https://developers.kaiten.ru/cards/retrieve-card"""
        try:
            return attachments(fields(await trip.get(f"/cards/{card.id}", {"broken_api": False})))
        except Refused as no:
            if no.status not in (403, 404):
                raise
            return ()  # the card went away while we read it: the words still count

    async def _again(self, look: _Look, number: int, pointer: Pointer | None) -> None:
        """Looks at one card by itself; one that is out of sight is told as gone, if it was ours.

        https://developers.kaiten.ru/cards/retrieve-card
        """
        try:
            payload = await look.trip.get(f"/cards/{number}", {"broken_api": False})
        except Refused as no:
            if no.status not in (403, 404):
                raise
            known = self._memory.card(number)
            if known is not None and not known.gone:
                self._memory.note_card(replace(known, gone=True))
                event = card_seen(known, self._clock.now(), missing=True)
                self._tell(look, arrival(event, {"id": number, "status": no.status}))
            return
        await self._card(look, payload, pointer)

    async def _sweep(self, look: _Look, places: Sequence[str]) -> None:
        """Now and then lists all live cards, also to catch up on comments that the lists of changes kept from us.

        One that was there and is not is asked for: absence proves nothing.
        """
        now = self._clock.now()
        if self._swept_at is None or now - self._swept_at < SWEEP_EVERY:
            self._swept_at = self._swept_at or now
            return
        present: set[int] = set()
        for place in places:
            for payload in await all_live(look.trip, place):
                card = read_card(payload)
                if card is not None and card.external_id:
                    present.add(card.id)
                    await self._card(look, payload)  # a comment that neither list has shown is found here
        for number in sorted(self._memory.live_cards() - present)[:SWEEP_CONFIRMS]:
            await self._again(look, number, None)
        self._swept_at = now

    def _tell(self, look: _Look, one: Arrival) -> None:
        if self._memory.first_time(one.key):
            look.arrivals.append(one)
