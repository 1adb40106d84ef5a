"""One seed, one story: people, weather and crashes around the real daemon, then calm, then the reckoning."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, func, select

from adapters.memory import BoardWorld, ChatWorld, MemoryBoard, MemoryChat, MemoryRegistry, RegistryWorld
from connector.domain.client import Stage
from connector.domain.policy import BoardPolicy, Policy
from connector.domain.words import File
from connector.engine.budget import RateBudget
from connector.engine.daemon import Daemon
from connector.engine.pulse import Pulse
from connector.ports import Unavailable
from connector.store import codec
from connector.store.tables import Noted, State, clients, journal, lanes, made, marks, outbox
from tests.virtual_time import run
from tests.weather.company import BOARD, KNOWN_CABINETS, company
from tests.weather.lives import CLAIMED, Life, RehearsedDatabase, fresh_disk, wipe
from tests.weather.people import Agent, Client, Said, strip
from tests.weather.skies import Skies

EPOCH = datetime(2030, 3, 4, 9, tzinfo=UTC).timestamp()
STORM = 45.0
"""Seconds after which people fall silent and the sky clears."""
LONG_STORM = 150.0
QUIET_WITHIN = 300.0
"""Seconds of calm in which everything must have come to rest."""
MOST_ANSWERS = 6
"""Questions of the bot's, one after the other, that a client still answers in the end."""
MOST_LEAPS = 40
"""Moments somebody may still wait for when all is at rest."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """Everything there is to a story while it is played, and what is to be judged afterwards."""

    seed: int
    chance: random.Random
    disk: Engine
    skies: Skies
    chat: ChatWorld
    board: BoardWorld
    policy: Policy
    said: Said = field(default_factory=Said)
    stripped: set[int] = field(default_factory=set)
    """Cards on which a comment of ours has lost its signature."""
    story: list[str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    crashes: int = 0
    shared: bool = False
    ended: bool = False
    """Whether it came to rest at all."""
    doubles: int = 0
    judged: Counter[str] = field(default_factory=Counter)
    """How many words were held against which rule."""
    wrongs: list[str] = field(default_factory=list)


@cache
def _disk() -> Engine:
    return fresh_disk()


def rehearse(
    seed: int, *, shared: bool | None = None, short: bool | None = None, disk: Engine | None = None
) -> Rehearsal:
    """Plays the story of that seed; `wrongs` says what came out wrong.

    `shared`: whether two daemons share the database for a long while; by default three in ten stories do. `short`:
    whether it ends with the storm; by default every second does. `disk`: the database it is played on, emptied first;
    by default an SQLite in memory.
    """
    from tests.weather.reckoning import reckon

    log = logging.getLogger("connector")
    heard = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        random.seed(seed)
        disk = disk or _disk()
        wipe(disk)
        rehearsal = run(_play(seed, disk, shared, short))
        reckon(rehearsal)
    finally:
        log.setLevel(heard)
    return rehearsal


async def _play(seed: int, disk: Engine, shared: bool | None, short: bool | None) -> Rehearsal:
    chance = random.Random(seed)
    clock = _Clock()
    chat, board, policy = ChatWorld(clock.moment), BoardWorld(clock.moment), company(chance)
    chat.renumber(chance.randrange(10_000))
    rehearsal = Rehearsal(
        seed=seed, chance=chance, disk=disk, skies=Skies(chance, chat), chat=chat, board=board, policy=policy,
        shared=chance.random() < 0.3 if shared is None else shared,
    )  # fmt: skip
    rehearsal.clients = [
        Client(name, chat, rehearsal.said, chance, policy.chat_groups)
        for name in (("1", "2"), ("1", "-3"), ("1",))[chance.randrange(3)]
    ]
    agents = [Agent(name, board, rehearsal.said, chance) for name in ("anna", "oleg")[: chance.randint(1, 2)]]
    stage = _Stage(rehearsal, clock)

    def lives(clients: tuple[int, int], at_work: tuple[int, int]) -> list[Coroutine[None, None, None]]:
        return [
            *(client.live(chance.randint(*clients)) for client in rehearsal.clients),
            *(agent.live(chance.randint(*at_work)) for agent in agents),
        ]

    daemons = [asyncio.create_task(stage.keep_alive(name)) for name in ("A", "B")[: 1 + rehearsal.shared]]
    await _together(stage.disturb(), *lives((6, 16), (5, 12)))
    rehearsal.story.append(f"{stage.now():8.2f} calm")
    stage.clear_up()
    if not (chance.random() < 0.5 if short is None else short):
        # In fine weather answers are there at once, and people make more use of the bot.
        await _together(*lives((4, 12), (2, 8)))
    rehearsal.ended = await stage.concludes(last_words=not short and chance.random() < 0.3)
    await stage.close(daemons)
    return rehearsal


async def _together(*acts: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(act)


class _Clock:
    """Virtual time as the database and the tools see it; no two moments are the same."""

    def __init__(self) -> None:
        self._last = 0.0
        self._ahead = 0.0

    def __call__(self) -> float:
        self._last = max(self._last + 1e-5, EPOCH + self._ahead + asyncio.get_running_loop().time())
        return self._last

    def leap(self, moment: float) -> None:
        """Hours in which nothing happens are over at once."""
        self._ahead += max(0.0, moment - self())

    def moment(self) -> datetime:
        # Chat tools tell whole seconds.
        return datetime.fromtimestamp(int(self()), UTC)


class _Here:
    """A spool whose one file is always there."""

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        yield Path("/dev/null")


class _Stage:
    def __init__(self, rehearsal: Rehearsal, clock: _Clock) -> None:
        self._rehearsal = rehearsal
        self._clock = clock
        self._list = RegistryWorld(known=KNOWN_CABINETS)
        self._lives: list[Life] = []
        self._pulses: list[Pulse] = []
        self._backlog = rehearsal.chance.choice((0.0, 0.0, 10.0))
        self._over = False
        self._disk_full_until = 0.0

    def now(self) -> float:
        return asyncio.get_running_loop().time() - 1000.0

    def _tell(self, what: str) -> None:
        self._rehearsal.story.append(f"{self.now():8.2f} {what}")

    # ---- trouble

    async def disturb(self) -> None:
        """Outages, crashes and editors that throw signatures away, until the storm is over."""
        chance, skies = self._rehearsal.chance, self._rehearsal.skies
        loop = asyncio.get_running_loop()
        # Who is frozen must sometimes stay so until the lease is over and others have gone on.
        until = loop.time() + (LONG_STORM if self._rehearsal.shared and chance.random() < 0.6 else STORM)
        while loop.time() < until:
            await asyncio.sleep(chance.uniform(0.5, 8.0))
            self._list.away = chance.random() < 0.3
            match chance.randrange(8):
                case 0:
                    side, seconds = chance.choice(("chat", "board")), chance.choice((5.0, 30.0, 90.0))
                    self._tell(f"{side} is down for {seconds:.0f} s")
                    skies.down[side] = loop.time() + seconds
                    if side == "board" and self._rehearsal.board.cards and chance.random() < 0.4:
                        # What waits for the board's return may find its card gone.
                        self._rehearsal.board.archive(chance.choice(list(self._rehearsal.board.cards.values())))
                case 1 | 2 | 3 | 4:
                    for life in self._lives:
                        freeze = chance.choice((None, None, 90.0)) if self._rehearsal.shared else None
                        if freeze and chance.random() < 0.7:
                            life.doom(chance.randrange(3), freeze=freeze, only=CLAIMED)
                        else:
                            life.doom(chance.randrange(40), freeze=freeze)
                case 5:
                    self._strip_one()
                case 6:
                    self._disk_full_until = loop.time() + chance.uniform(0.1, 2.0)
                    self._tell("the disk is full for a moment")
                case _ if self._rehearsal.board.comments:
                    self._rehearsal.board.retell(chance.choice(list(self._rehearsal.board.comments.values())))
                case _:
                    pass

    def _strip_one(self) -> None:
        rehearsal = self._rehearsal
        with rehearsal.disk.begin() as connection:
            known = [row.id for row in connection.execute(select(made.c.id).where(made.c.id.like("%/%")))]
            known = [each for each in known if each.replace("/", "").isdigit()]
            open_ = set(connection.execute(select(outbox.c.kind).where(outbox.c.state < State.DONE)).scalars())
        ours = [
            comment
            for comment in rehearsal.board.comments.values()
            if f"{comment.card}/{comment.id}" in known and comment.author == rehearsal.board.account
            and comment.name == "Connector" and not comment.deleted
        ]  # fmt: skip
        # While something may still want to find it by its signature, this would be a loss nobody can prevent.
        if ours and not open_ & {"AddComment", "EditComment"}:
            comment = rehearsal.chance.choice(ours)
            self._tell(f"comment {comment.id} loses its signature")
            strip(rehearsal.board, comment)
            rehearsal.stripped.add(comment.card)

    def clear_up(self) -> None:
        """The storm is over."""
        skies = self._rehearsal.skies
        skies.calm, skies.down = True, dict.fromkeys(skies.down, 0.0)
        self._list.away = False
        self._disk_full_until = 0.0
        for life in self._lives:
            life.spare()
            life.frozen_until = 0.0

    # ---- daemons

    async def keep_alive(self, name: str) -> None:
        """Starts the daemon again whenever it died."""
        number = 0
        while not self._over:
            number += 1
            life = Life(f"{name}{number}", self._rehearsal.chance, self._tell)
            life.on_fate = self._note_ambiguous
            self._lives = [each for each in self._lives if each.alive] + [life]
            daemon = self._daemon(life)
            running = asyncio.create_task(daemon.run())
            dying = asyncio.create_task(life.died.wait())
            await asyncio.wait((running, dying), return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            if not running.done():
                running.cancel()
            broken = await asyncio.gather(running, return_exceptions=True)
            if life.alive and not self._over:
                self._tell(f"{life.name} gives up: {broken[0]!r}")
                self._note_ambiguous()
                life.die()
            self._pulses = [pulse for pulse in self._pulses if pulse is not daemon.pulse]
            if not self._over:
                self._rehearsal.crashes += 1
                if not self._rehearsal.shared and not self._rehearsal.chat.updates:
                    # Numbers may start anywhere: whoever still holds an old one must not use it.
                    self._rehearsal.chat.renumber(self._rehearsal.chance.randrange(10_000))
                await asyncio.sleep(self._rehearsal.chance.choice((0.1, 2.0, 20.0)))

    def _daemon(self, life: Life) -> Daemon:
        rehearsal, chance = self._rehearsal, self._rehearsal.chance
        weather = rehearsal.skies.over(life)
        # What can be shared is treated so, even while nobody else is there.
        shared = rehearsal.shared or rehearsal.disk.dialect.name == "postgresql"
        database = RehearsedDatabase(rehearsal.disk, life, self._clock, shared=shared)
        database.troubled = lambda: self._disk_full_until > asyncio.get_running_loop().time()
        pulse = Pulse(holder=life.name)
        self._pulses.append(pulse)
        spool = _Here()

        async def settle() -> BoardPolicy:
            if rehearsal.skies.down["board"] > asyncio.get_running_loop().time():
                raise Unavailable("the side is down", surely_not_done=True)
            return BOARD

        budget = RateBudget(limit=20)
        daemon = Daemon(
            database=database,
            chat=MemoryChat(
                rehearsal.chat, weather=weather, budget=RateBudget(limit=25), spool=spool, poll_seconds=20.0
            ),
            board=MemoryBoard(rehearsal.board, weather=weather, budget=budget, spool=spool, poll_seconds=3.0),
            registry=MemoryRegistry(self._list, weather=weather),
            policy=rehearsal.policy,
            settle_board=settle,
            pulse=pulse,
            board_backlog=lambda _: self._backlog,
        )
        if chance.random() < 0.7:
            daemon.settled(BOARD)
        return daemon

    def _note_ambiguous(self) -> None:
        """What is sent but not yet written down when a process ends may be sent again."""
        rehearsal = self._rehearsal
        sent = {message.order for message in rehearsal.chat.messages.values() if message.order}
        with rehearsal.disk.begin() as connection:
            ended = set(connection.execute(select(outbox.c.key).where(outbox.c.state >= State.DONE)).scalars())
        rehearsal.skies.ambiguous.update(str(key) for key in sent - ended)

    # ---- the end

    async def concludes(self, *, last_words: bool) -> bool:
        """Whether everything comes to rest: questions are answered, and time passes until nobody waits for any."""
        rehearsal = self._rehearsal
        for client in rehearsal.clients:
            client.come_back()
        settled = await self._settles()
        if settled and last_words:
            for client in rehearsal.clients:
                client.say_more()
            settled = await self._settles()
        return settled

    async def _settles(self) -> bool:
        return await self._nothing_is_asked() and await self._nothing_is_awaited()

    async def _nothing_is_asked(self) -> bool:
        for _ in range(MOST_ANSWERS):
            if not await self.comes_to_rest():
                return False
            stages = self._stages()
            if not any([each.answer(stages.get(each.chat, Stage.READY)) for each in self._rehearsal.clients]):
                return True
        self._rehearsal.wrongs.append("the bot asks and asks")
        return False

    async def _nothing_is_awaited(self) -> bool:
        for _ in range(MOST_LEAPS):
            with self._rehearsal.disk.begin() as connection:
                wake = connection.execute(select(func.min(clients.c.wake))).scalar()
            if wake is None:
                return True
            self._clock.leap(wake)
            if not await self.comes_to_rest():
                return False
        self._rehearsal.wrongs.append("somebody waits for moment after moment")
        return False

    def _stages(self) -> dict[str, Stage]:
        with self._rehearsal.disk.begin() as connection:
            states = connection.execute(select(clients.c.state)).scalars().all()
        return {client.chat.id: client.stage for client in map(codec.read_client, states)}

    async def comes_to_rest(self) -> bool:
        """Waits until nothing is left to be done; False when that takes too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + QUIET_WITHIN
        quiet = 0
        while loop.time() < until:
            await asyncio.sleep(1.0)
            quiet = quiet + 1 if self._resting() else 0
            if quiet >= 4:
                return True
        return False

    def _resting(self) -> bool:
        rehearsal = self._rehearsal
        if len(self._lives) != 1 + rehearsal.shared or not all(life.alive for life in self._lives):
            return False
        with rehearsal.disk.begin() as connection:
            undecided = connection.execute(
                select(func.count()).select_from(journal).where(journal.c.state == Noted.NEW)
            ).scalar_one()
            due = connection.execute(
                select(func.count()).select_from(lanes).where(lanes.c.due.is_not(None))
            ).scalar_one()
            read = connection.execute(select(marks.c.value).where(marks.c.name == "cursor:board")).scalar()
        return not undecided and not due and not rehearsal.chat.updates and read == str(len(rehearsal.board.changes))

    async def close(self, daemons: list[asyncio.Task[None]]) -> None:
        """A proper stop."""
        self._over = True
        for pulse in self._pulses:
            pulse.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.gather(*daemons)
                return
        self._rehearsal.wrongs.append("the daemon did not stop")
        for daemon in daemons:
            daemon.cancel()
