"""Comments of ours on a card: written once, found again by their signatures, changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace

from adapters.kaiten.attachments import Attachment, attachments, missing
from adapters.kaiten.files import Files, Opened, parts
from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import Comment, comment_ref, fields, read_comment, ref_numbers
from adapters.kaiten.memory import Memory
from adapters.kaiten.sections import WORDS, Page, alike, continued, noted, pages, plan_edit, too_big_note
from connector.domain.effects import AddComment, EditComment, Section
from connector.domain.refs import Ref
from connector.domain.signature import sign, signatures
from connector.domain.words import File
from connector.ports import Rejected, Spool, Unavailable

_FILE_REFUSED = (400, 413, 422)
"""Answers that may mean the file, not the comment."""


class Comments:
    """Writes under one account, whose user id is `me`."""

    def __init__(self, files: Files, spool: Spool, memory: Memory) -> None:
        self._files = files
        self._spool = spool
        self._memory = memory

    async def add(self, trip: Trip, card: int, me: int, effect: AddComment, attempt: int) -> tuple[Ref, ...]:
        """Writes the sections; on a repeated attempt only what is not there yet. Returns the comments in order."""
        there = There()
        if attempt > 1:
            with_files = any(section.files for section in effect.sections)
            there = await self._look(trip, card, me, with_files=with_files)
        made: list[Ref] = []
        new: list[Section] = []
        for section in effect.sections:
            known = there.by_sign.get(sign(section.key))
            if known is None:
                new.append(section)
                continue
            async with AsyncExitStack() as stack:
                opened, notes = await self._bring(stack, missing(section.files, there.files_of(known)))
                whole = noted(section, notes)
                made += await self._put(trip, card, there, whole, opened, internal=effect.internal)
        made += await self._add_new(trip, card, there, new, internal=effect.internal)
        return tuple(dict.fromkeys(made))

    async def _add_new(
        self, trip: Trip, card: int, there: There, sections: Sequence[Section], *, internal: bool
    ) -> list[Ref]:
        """Writes sections that bear no known signature."""
        async with AsyncExitStack() as stack:
            whole: list[Section] = []
            brought: dict[str, list[Opened]] = {}
            for section in sections:
                opened, notes = await self._bring(stack, section.files)
                brought[sign(section.key)] = opened
                whole.append(noted(section, notes))
            made: list[Ref] = []
            refused: list[File] = []
            for page in pages(whole):
                opened = [entry for signature in page.signs for entry in brought.get(signature, ())]
                comment = there.alike(page)
                if comment is None:
                    comment, opened = await self._write(trip, card, page.text, opened, internal=internal)
                    there.mine[comment.id] = comment
                else:
                    self._memory.recognise(comment.id)
                    absent = missing([file for file, _ in opened], there.files_of(comment))
                    opened = [entry for entry in opened if entry[0] in absent]
                refused += await self._attach(trip, card, comment, opened)
                made.append(comment_ref(card, comment.id))
        for section in whole:
            lost = [WORDS["not_taken"].format(name=file.name) for file in section.files if file in refused]
            if lost:
                await self._put(trip, card, there.again(), noted(section, lost), [], internal=internal)
        return made

    async def edit(
        self, trip: Trip, card: int, me: int, effect: EditComment, made_before: Sequence[Ref], attempt: int
    ) -> tuple[Ref, ...]:
        """Replaces a section where it stands, or adds below it; what no longer fits goes on in a new comment."""
        section = effect.section
        repeated = attempt > 1
        there = await self._look(trip, card, me, with_files=repeated and bool(section.files))
        targets = [ref_numbers(ref)[1] for ref in made_before]
        internal = effect.internal or any(there.mine[number].internal for number in targets if number in there.mine)
        if effect.append:
            done = await self._continue(trip, card, there, effect, repeated=repeated)
            if done is not None:
                return (done,)
            section = replace(section, key=effect.key)  # a comment of its own, known by the order
        holder = there.by_sign.get(sign(section.key))
        needed = missing(section.files, there.files_of(holder)) if holder and repeated else section.files
        async with AsyncExitStack() as stack:
            opened, notes = await self._bring(stack, needed)
            made = await self._put(trip, card, there, noted(section, notes), opened, internal=internal)
        return tuple(made)

    async def _continue(
        self, trip: Trip, card: int, there: There, effect: EditComment, *, repeated: bool
    ) -> Ref | None:
        """Adds to a section within its comment; None where it has none any more, or no room in it.

        https://developers.kaiten.ru/card-comments/update-comment
        """
        place = continued(there.texts, effect.section, effect.key)
        if place is None:
            return None
        comment = there.mine[place.comment]
        files = missing(effect.section.files, there.files_of(comment)) if repeated else effect.section.files
        async with AsyncExitStack() as stack:
            opened, notes = await self._bring(stack, files)
            try:
                refused = await self._attach(trip, card, comment, opened)
                notes += [WORDS["not_taken"].format(name=file.name) for file in refused]
                place = continued(there.texts, noted(effect.section, notes), effect.key)
                if place is None:  # with the notes it is too long
                    return None
                if not place.already:
                    await trip.write("PATCH", f"/cards/{card}/comments/{comment.id}", json={"text": place.text})
            except Refused as no:
                # Deleted meanwhile, or no longer ours to change: the words go into a comment of their own.
                if no.status not in (403, 404):
                    raise
                return None
        return comment_ref(card, comment.id)

    async def _put(
        self, trip: Trip, card: int, there: There, section: Section, opened: list[Opened], *, internal: bool
    ) -> list[Ref]:
        """Makes the card show the section as it is now, with these further files.

        https://developers.kaiten.ru/card-comments/update-comment
        """
        plan = plan_edit(there.texts, section)
        for number, text in plan.changed:
            try:
                await trip.write("PATCH", f"/cards/{card}/comments/{number}", json={"text": text})
            except Refused as no:
                # Deleted meanwhile, or no longer ours to change: the words go into a new comment.
                if no.status not in (403, 404):
                    raise
                return await self._put(trip, card, there.without(number), section, opened, internal=internal)
            there.mine[number] = replace(there.mine[number], raw=text)
        made = list(plan.holders)
        for page in plan.added:
            files = opened if sign(section.key) in page.signs else []
            comment = there.alike(page)
            if comment is None:
                comment, files = await self._write(trip, card, page.text, files, internal=internal)
                there.mine[comment.id] = comment
            if sign(section.key) in page.signs:
                made.insert(0, comment.id)
                opened = files
            else:
                made.append(comment.id)
        for number in plan.empty:
            await self._delete(trip, card, number)
        refused = await self._attach(trip, card, there.mine[made[0]], opened)
        if refused:
            told = noted(section, [WORDS["not_taken"].format(name=file.name) for file in refused])
            await self._put(trip, card, there.again(), told, [], internal=internal)
        return [comment_ref(card, number) for number in dict.fromkeys(made)]

    async def _look(self, trip: Trip, card: int, me: int, *, with_files: bool) -> There:
        """Our comments on the card, and its files.

        https://developers.kaiten.ru/card-comments/retrieve-card-comments
        """
        payloads = await trip.listed(f"/cards/{card}/comments")
        listed = [read_comment(payload, trip.wire.clock.now()) for payload in payloads]
        mine = {
            comment.id: comment
            for comment in listed
            if comment is not None and comment.author == me and not comment.deleted
        }
        for comment in mine.values():
            if signatures(comment.raw):
                self._memory.recognise(comment.id)
        files: tuple[Attachment, ...] = ()
        if with_files and mine:
            files = attachments(fields(await trip.get(f"/cards/{card}", {"broken_api": False})))
        return There(mine=mine, files=files)

    async def _bring(self, stack: AsyncExitStack, files: Sequence[File]) -> tuple[list[Opened], list[str]]:
        """The files on local disk, and a line for each that cannot be had."""
        opened: list[Opened] = []
        notes: list[str] = []
        for file in files:
            if not file.obtainable:
                notes.append(too_big_note(file))
                continue
            try:
                opened.append((file, await stack.enter_async_context(self._spool.open(file))))
            except Rejected:
                notes.append(WORDS["not_fetched"].format(name=file.name))
        return opened, notes

    async def _write(
        self, trip: Trip, card: int, text: str, opened: list[Opened], *, internal: bool
    ) -> tuple[Comment, list[Opened]]:
        """A new comment, and the files that still have to be attached to it.

        https://developers.kaiten.ru/card-comments/add-comment
        """
        path = f"/cards/{card}/comments"
        with self._memory.write(card), self._unsure(card, text):
            if opened and not self._files.restricted:
                form = {"text": text, **({"internal": "true"} if internal else {})}
                try:
                    with parts("files[]", opened) as legacy:
                        answer = await trip.write("POST", path, data=form, files=legacy)
                    return self._made(card, text, answer), []
                except Refused as no:
                    if no.status not in _FILE_REFUSED:
                        self._files.learn_route(no)
                    # One file may be at fault: the words go first, each file by itself after them.
            body: dict[str, object] = {"text": text, **({"internal": True} if internal else {})}
            return self._made(card, text, await trip.write("POST", path, json=body)), opened

    @contextmanager
    def _unsure(self, card: int, text: str) -> Iterator[None]:
        """Without an answer the comment may stand there: it must not be read as an agent's."""
        try:
            yield
        except Unavailable as no:
            if not no.surely_not_done:
                self._memory.may_be_there(card, text)
            raise

    def _made(self, card: int, text: str, answer: object) -> Comment:
        comment = read_comment(answer)
        if comment is None:
            raise Unavailable(f"Kaiten did not say which comment it added to card {card}")
        self._memory.wrote_comment(card, comment.id, comment.created)
        return replace(comment, raw=text)

    async def _attach(self, trip: Trip, card: int, comment: Comment, opened: Sequence[Opened]) -> list[File]:
        """Attaches files to a comment one by one; returns those the board refused for what they are."""
        refused = []
        for entry in opened:
            try:
                await self._files.attach_to_comment(trip, card, comment.id, comment.uid, comment.raw, entry)
            except Refused as no:
                if no.status not in _FILE_REFUSED:
                    raise
                refused.append(entry[0])
        return refused

    async def _delete(self, trip: Trip, card: int, comment: int) -> None:
        """Takes away a comment of ours that has nothing left to say.

        https://developers.kaiten.ru/card-comments/remove-comment
        """
        self._memory.forget_marks(card)
        self._memory.drop(comment)
        try:
            await trip.write("DELETE", f"/cards/{card}/comments/{comment}")
        except Refused as no:
            if no.status not in (403, 404):
                raise


class There:
    """What already stands on a card from our account: `mine` by comment id, `by_sign` by every signature in it."""

    def __init__(self, mine: Mapping[int, Comment] | None = None, files: Sequence[Attachment] = ()) -> None:
        self.mine = dict(mine or {})
        self.by_sign: dict[str, Comment] = {}
        for comment in self.mine.values():
            for signature in signatures(comment.raw):
                self.by_sign.setdefault(signature, comment)
        self._files = files
        # Where a server strips what nobody sees, our comments are known by what everybody sees.
        self._alike = [] if self.by_sign else sorted(self.mine.values(), key=lambda comment: comment.id)

    @property
    def texts(self) -> dict[int, str]:
        """Our comments as they stand, by their ids."""
        return {number: comment.raw for number, comment in self.mine.items()}

    def alike(self, page: Page) -> Comment | None:
        """A comment that reads like this page, where none of ours bears a signature; each is found once."""
        for comment in self._alike:
            if alike(comment.raw, page.text):
                self._alike.remove(comment)
                return comment
        return None

    def files_of(self, comment: Comment) -> list[Attachment]:
        """The files under one comment."""
        return [file for file in self._files if file.belongs_to(comment)]

    def without(self, comment: int) -> There:
        """The same, one comment being gone."""
        return There({number: kept for number, kept in self.mine.items() if number != comment}, self._files)

    def again(self) -> There:
        """The same, its signatures read anew from what was written meanwhile."""
        return There(self.mine, self._files)
