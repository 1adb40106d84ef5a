"""What the core asks of a tool: two verbs, a stream of files, and three ways to refuse."""

# Unavailable   not now. Try again later; unless `surely_not_done`, it may have been done all the same.
# Rejected      never, however often it is tried; `refusal` says which kind of never.
# WrongToken    the tool does not know us; for people to mend.
#
# A *batch* is what one read brought; an *arrival* is one payload in it, readable or not; a *cursor* is the adapter's
# own mark of how far it has read: opaque, stored with the batch in one transaction, handed back at the next read.

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from connector.domain.effects import BoardEffect, ChatEffect, RegistryEffect, Urgency
from connector.domain.events import Event, Refusal
from connector.domain.layout import Layout
from connector.domain.policy import ChatLimits
from connector.domain.refs import Key, Ref
from connector.domain.sheet import Sheet, Sketch, Timer
from connector.domain.words import File

E = TypeVar("E", covariant=True)
E_in = TypeVar("E_in", contravariant=True)


class Unavailable(Exception):
    """Not now. `retry_after` in seconds, where the tool named one. `surely_not_done`: the request never took effect.

    `elsewhere`: not this tool is away but the one that a file was to come from.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        surely_not_done: bool = False,
        elsewhere: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.surely_not_done = surely_not_done
        self.elsewhere = elsewhere


class Rejected(Exception):
    """Never. `reason` is fit for an operator's eyes: what was refused, in the tool's words, without secrets."""

    def __init__(self, reason: str, refusal: Refusal = Refusal.INVALID) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refusal = refusal


class WrongToken(Exception):
    """The tool refused the token; `tool` says which one did."""

    def __init__(self, tool: str, reason: str) -> None:
        super().__init__(f"{tool} refused the token: {reason}")
        self.tool = tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Generic[E]):
    """An effect to be carried out now.

    `attempt` counts attempts whose outcome may be real, this one included: above 1, look before you write.
    `card` is the ticket's card (None for orders that need none). `made` tells what the orders named by the effect
    (`target`, `reply_to`) made. `urgency` is the class to ask the budget for.
    """

    key: Key
    effect: E
    attempt: int
    urgency: Urgency
    card: Ref | None = None
    made: Mapping[Key, tuple[Ref, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One payload: `raw` is its JSON as it came (pure ASCII, secrets removed).

    Readable: `event` is set (its `key` equals `key`). Unreadable: `event` is None, `reason` says why; it is kept aside.
    Known to mean nothing to us: do not report it at all.
    """

    key: Key
    raw: str
    event: Event | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one read brought, oldest first, and the cursor to go on from once it is stored."""

    arrivals: tuple[Arrival, ...]
    cursor: str | None


class Budget(Protocol):
    """The rate budget of one remote token, shared by everything that calls it."""

    def call(self, urgency: Urgency, subject: str | None = None) -> AbstractAsyncContextManager[None]:
        """Waits for a place, highest class first, and holds it during the call: wrap each single HTTP request.

        `subject`: the chat, where the tool limits each chat on its own. Raises Unavailable(surely_not_done=True)
        when the caller's right to act ended while it waited.
        """

    def learned(self, *, limit: int | None, remaining: int | None, reset_after: float | None) -> None:
        """What the answer's headers said: calls per second, calls left, seconds until the window ends."""

    def refused(self, retry_after: float, subject: str | None = None) -> None:
        """A 429: nothing (of this subject, or at all) for `retry_after` seconds; all, when refusals repeat."""


class Spool(Protocol):
    """Brings a file of another tool to local disk, chunk by chunk, for as long as it is needed."""

    def open(self, file: File) -> AbstractAsyncContextManager[Path]:
        """The file's bytes at a path that lives until the context ends.

        Raises Rejected, and Unavailable(elsewhere=True), also where the source refuses our token.
        """


class Port(Protocol[E_in]):
    """A tool: two verbs, and a stream for attachments."""

    @property
    def name(self) -> str:
        """The `port` of every ref this adapter makes."""

    async def identify(self) -> str:
        """Who we are to the tool, for people ("@support_bot"). Raises WrongToken, Unavailable."""

    async def read(self, cursor: str | None) -> Batch:
        """What happened since the cursor; may wait for something to happen (long poll) or return an empty batch.

        Raises Unavailable, WrongToken. A failed or partial read never advances the cursor nor implies absence.
        """

    async def perform(self, order: Order[E_in]) -> tuple[Ref, ...]:
        """Carries the order out and tells what it made, in order. Raises Unavailable, Rejected, WrongToken."""

    def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """The bytes of a file of this tool, in chunks. Raises Unavailable, Rejected."""

    async def aclose(self) -> None:
        """Lets go of connections."""


class Chat(Port[ChatEffect], Protocol):
    """The tool clients write in."""

    @property
    def limits(self) -> ChatLimits:
        """What it takes."""

    async def introduce(self, commands: Mapping[str, Sequence[tuple[str, str]]], default: str) -> None:
        """Tells clients the commands there are: for each language (name without a slash, description) in order.

        `default` is the language for everybody else. What stands there already is not set again.
        Raises Unavailable, Rejected, WrongToken; ValueError when the default language is not among them.
        """


class Board(Port[BoardEffect], Protocol):
    """The tool agents work in."""

    async def layout(self, spaces: Sequence[str]) -> Layout:
        """Boards, columns, lanes, users and fields of the named spaces (titles or ids; none named = all).

        Raises Unavailable, WrongToken.
        """

    def watch(self, boards: Sequence[str]) -> None:
        """The ids of the boards whose changes `read` must bring."""

    def survey(self, boards: Sequence[str], *, archived: bool = False) -> AsyncGenerator[tuple[Sketch, ...], None]:
        """Every card that stands on these boards (or in the archive), whoever made it, page by page, in the lowest
        class; cards of other boards may come along.

        A card may be left out when others go while the pages are read: absence proves nothing, `inspect` tells.
        Raises Unavailable, WrongToken; then the pages so far are not the whole.
        """

    async def inspect(self, card: Ref, made: Collection[Ref] = ()) -> Sheet | None:
        """The card with all its comments and files, in the lowest class; of `made` it tells which are lacking there.

        None: the tool says that there is no such card, or that it is not for us. Raises Unavailable, WrongToken.
        """

    async def timers(self, card: Ref) -> tuple[Timer, ...] | None:
        """What the tool's own service timers have counted for the card; None where it keeps none for such a card.

        Raises Unavailable, WrongToken.
        """

    def link(self, card: Ref) -> str | None:
        """Where people see the card in their browser; None where the tool has no such place, or for a foreign ref."""

    def hint(self) -> None:
        """Something has changed there (a webhook said so): let the next `read` look at once."""


class Registry(Protocol):
    """The company's own list of account ids. It always answers, and soon: a client waits for it."""

    @property
    def name(self) -> str:
        """The `port` of every ref this adapter makes."""

    async def perform(self, order: Order[RegistryEffect]) -> tuple[Ref, ...]:
        """Looks the account id up: one ref whose id is the `Verdict`. Raises nothing; in doubt it is UNVERIFIED."""

    async def aclose(self) -> None:
        """Lets go of connections."""
