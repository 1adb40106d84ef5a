"""One daemon: the loops over one store, one chat tool and one board, started together and stopped in order."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.effects import (
    BoardEffect,
    ChatEffect,
    Effect,
    RegistryEffect,
    Verdict,
    VerifyCabinet,
)
from connector.domain.policy import BoardPolicy, Policy
from connector.domain.refs import Ref
from connector.domain.say import say
from connector.engine.deciding import Decider
from connector.engine.delays import Delays
from connector.engine.measuring import Gauges
from connector.engine.pausing import Pauses
from connector.engine.performing import Performer
from connector.engine.placing import linked, opened
from connector.engine.pulse import Pulse, line
from connector.engine.reading import Reader
from connector.engine.repairing import Repairer
from connector.ports import Board, Chat, Order, Registry, Rejected, Unavailable, WrongToken
from connector.store import claiming, settling
from connector.store.database import Database
from connector.store.leases import let_go
from connector.store.runs import Run
from connector.store.terms import note_terms

Settle = Callable[[], Awaitable[BoardPolicy]]
"""Asks the board for its layout and turns the mapping's names into ids. Raises Unavailable, WrongToken, Unfit."""

CHATS_AT_ONCE = 128
CARDS_AT_ONCE = 128
LOOKUPS_AT_ONCE = 8
"""Orders in our hands at a time: the more, the fewer transactions; whose turn it is the budget decides."""
KEPT_DAYS = 7
"""Days a finished order is kept before it is swept; the journal's keys are kept longer than any sender repeats."""


COMMANDS = ("new", "requests", "profile", "help")
"""What the chat's own menu offers, in this order."""


class Unfit(Exception):
    """The mapping names things the board does not have; the message lists them all."""


def calm_collector() -> None:
    """Once per process, after its parts stand: looking through them again and again costs a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


class Daemon:
    """Everything `connector run` does once its parts exist.

    `policy` may lack its board part when the board could not be reached at the start: then clients are received and
    acknowledged, and what is meant for the board waits in the outbox until `settle_board` succeeds. `pending` tells how
    many updates the chat tool could not push to us.
    """

    def __init__(
        self,
        *,
        database: Database,
        chat: Chat,
        board: Board,
        policy: Policy,
        settle_board: Settle,
        pulse: Pulse,
        registry: Registry | None = None,
        board_backlog: Callable[[int], float] | None = None,
        lease: float = 30.0,
        pending: Callable[[], int | None] = lambda: None,
        heal_every: float = 0.0,
        grace: float = 0.0,
    ) -> None:
        self.database = database
        self.pulse = pulse
        self.policy = policy
        self._chat = chat
        self._board = board
        self._registry = registry
        self._settle_board = settle_board
        self._backlog = board_backlog
        self._lease = lease
        self.pauses = Pauses(database, pulse, self._policy)
        self.gauges = Gauges(database, pulse, self._policy, pending=pending)
        self._heal_every = heal_every
        self._grace = grace

    async def run(self) -> None:
        """Until `pulse.stop()`: then the step under way is finished and everything is let go, within ten seconds."""
        await self._take_over()
        policy = self._policy
        pauses = self.pauses
        await pauses.look()
        chat_out = Performer(
            self.database, self.pulse, "chat", self._to_chat,
            policy=policy, capacity=CHATS_AT_ONCE, lease=self._lease, held=pauses.held,
        )  # fmt: skip
        board_out = Performer(
            self.database, self.pulse, "board", self._to_board,
            policy=policy, capacity=CARDS_AT_ONCE, lease=self._lease, backlog=self._backlog,
            held=pauses.held,
        )  # fmt: skip
        lookups = Performer(
            self.database, self.pulse, "registry", self._to_registry,
            policy=policy, capacity=LOOKUPS_AT_ONCE, lease=self._lease,
        )  # fmt: skip
        # The chat's cursor is not kept: at the first read the other side sends again whatever nobody confirmed.
        chat_in = Reader(
            self.database, self.pulse, "chat", self._chat, first_cursor=False, lease=self._lease, pauses=pauses
        )
        board_in = Reader(
            self.database, self.pulse, "board", self._board, first_cursor=True, lease=self._lease, pauses=pauses
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(Decider(self.database, self.pulse, policy).run())
            group.create_task(chat_out.run())
            group.create_task(board_out.run())
            group.create_task(lookups.run())
            group.create_task(self._introduce())
            group.create_task(chat_in.run())
            group.create_task(self._read_board(board_in))
            group.create_task(pauses.run())
            group.create_task(Delays(self.database, self.pulse, policy).run())
            group.create_task(self._repairer(self._grace).run())
            group.create_task(self._reckon())
            group.create_task(self._sweep())
            group.create_task(self.gauges.run())
        await self.database.run(lambda connection: let_go(connection, self.pulse.holder))

    async def compare(self, run: Run) -> None:
        """That run of comparison alone, and what it files; nothing is read or sent in the chat.

        For a command while no daemon runs: what it finds for clients waits for the next start.
        """
        await self._take_over()
        policy = self._policy
        await self.pauses.look()
        board_out = Performer(
            self.database, self.pulse, "board", self._to_board,
            policy=policy, capacity=CARDS_AT_ONCE, lease=self._lease, held=self.pauses.held,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            group.create_task(Decider(self.database, self.pulse, policy).run())
            group.create_task(board_out.run())
            await self._repairer(0.0).carry_out(run)
            self.pulse.stop()
        await self.database.run(lambda connection: let_go(connection, self.pulse.holder))

    def _repairer(self, grace: float) -> Repairer:
        return Repairer(
            self.database, self.pulse, self._board, policy=self._policy, heal_every=self._heal_every, grace=grace,
            lease=self._lease, paused=lambda: self.pauses.reads_not("board"),
        )  # fmt: skip

    def _policy(self) -> Policy:
        return self.policy

    async def _take_over(self) -> None:
        def step(connection: Connection) -> tuple[int, int]:
            now = self.database.now(connection)
            left = 0 if self.database.shared else claiming.release_all(connection, now)
            return left, settling.revive_creations(connection, now)

        left, revived = await self.database.run(step)
        line(logging.INFO, "started", holder=self.pulse.holder, unfinished=left, revived=revived)

    async def _read_board(self, reader: Reader) -> None:
        side = self.pulse.sides["board"]
        while self.policy.board is None and not self.pulse.stopping.is_set():
            try:
                self.settled(await self._settle_board())
            except (Unavailable, WrongToken, Unfit) as trouble:
                side.bad(str(trouble))
                await self.pulse.rest(min(15.0, 2.0 ** min(side.failures - 1, 4)))
        await reader.run()

    def settled(self, board: BoardPolicy) -> None:
        """The board's ids are known: cards can be placed, changes can be read."""
        self.policy = replace(self.policy, board=board)
        self._board.watch(board.boards)
        self.pulse.sides["board"].good()
        self.pulse.signal("board")
        line(logging.INFO, "board_settled", boards=len(board.boards), mapping=self.policy.version)

    async def _to_chat(self, order: Order[Effect]) -> tuple[Ref, ...]:
        effect = order.effect
        assert isinstance(effect, ChatEffect)
        chat_order: Order[ChatEffect] = Order(
            key=order.key,
            effect=opened(effect, self._board.link),
            attempt=order.attempt,
            urgency=order.urgency,
            made=order.made,
        )
        return await self._chat.perform(chat_order)

    async def _to_board(self, order: Order[Effect]) -> tuple[Ref, ...]:
        effect = order.effect
        assert isinstance(effect, BoardEffect)
        board_order: Order[BoardEffect] = Order(
            key=order.key,
            effect=linked(effect, self._board.link),
            attempt=order.attempt,
            urgency=order.urgency,
            card=order.card,
            made=order.made,
        )
        return await self._board.perform(board_order)

    async def _to_registry(self, order: Order[Effect]) -> tuple[Ref, ...]:
        effect = order.effect
        assert isinstance(effect, VerifyCabinet)
        if self._registry is None:
            # The mapping no longer names a list; who was asked under the former one goes on unverified.
            return (Ref(port="registry", id=Verdict.UNVERIFIED.value),)
        look_up: Order[RegistryEffect] = Order(
            key=order.key, effect=effect, attempt=order.attempt, urgency=order.urgency
        )
        return await self._registry.perform(look_up)

    async def _introduce(self) -> None:
        """Offers the bot's commands in every language; nobody's words depend on it, so it only ever tries."""
        policy = self.policy
        commands = {
            language: [(name, say(policy, language, f"command.{name}")) for name in COMMANDS]
            for language in policy.texts
        }
        wait = 5.0
        while not self.pulse.stopping.is_set():
            try:
                await self._chat.introduce(commands, policy.default_language)
                return
            except Unavailable:
                await self.pulse.rest(wait)
                wait = min(600.0, wait * 2)
            except (Rejected, WrongToken) as refused:
                line(logging.WARNING, "commands_refused", reason=str(refused))
                return

    async def _reckon(self) -> None:
        """Once for each mapping: what open requests are owed follows it, a few clients at a time."""
        while self.policy.board is None and not self.pulse.stopping.is_set():
            await self.pulse.rest(1.0)
        version, told, more = self.policy.version, 0, True
        while more and not self.pulse.stopping.is_set():
            try:
                count, more = await self.database.run(
                    lambda connection: note_terms(connection, self.database.now(connection), version)
                )
            except SQLAlchemyError as trouble:
                self.pulse.sides["store"].bad(type(trouble).__name__)
                await self.pulse.rest(1.0)
                continue
            told += count
            if count:
                self.pulse.signal("decide")
                await self.pulse.rest(0.2)
        if told:
            line(logging.INFO, "reckoned_anew", clients=told, mapping=version)

    async def _sweep(self) -> None:
        while not self.pulse.stopping.is_set():
            try:
                gone = await self.database.run(
                    lambda connection: settling.sweep(connection, self.database.now(connection) - KEPT_DAYS * 86400)
                )
            except SQLAlchemyError as trouble:
                self.pulse.sides["store"].bad(type(trouble).__name__)
                gone = 0
            await self.pulse.rest(1.0 if gone else 600.0)
