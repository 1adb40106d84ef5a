"""What clients and agents do in a rehearsal: each drawn from the seed, and every word of theirs to be found again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from adapters.memory import BoardWorld, ChatWorld
from adapters.memory.board_world import Card, Comment
from adapters.memory.chat import PORT as CHAT_PORT
from adapters.memory.chat_world import Message
from connector.domain.client import Stage
from connector.domain.effects import Button
from connector.domain.policy import Groups
from connector.domain.refs import Ref
from connector.domain.signature import signatures, unsigned
from connector.domain.words import File, FileKind
from tests.weather.company import CABINET, OTHER_CABINET, UNKNOWN_CABINET

ORDERS = (
    *("take", "assign @oleg", "assign @nobody", "class calm", "class fast", "class", "topic money", "topic till"),
    *("merge 1", "merge 2", "merge 3", "split", "split paper", "close", "close norating", "close rating", "mute"),
    *("tpl hello", "tpl", "tpl helo", "history", "history 1", "send", "tkae"),
)


@dataclass(slots=True)
class Said:
    """What people have said, by the marks in their words: who must find what in the end."""

    words: dict[str, Message] = field(default_factory=dict)
    """A client's message by the mark it was written with."""
    versions: dict[str, list[str]] = field(default_factory=dict)
    """Of an edited message: the mark it was written with → those it had since, the present one last."""
    unheeded: set[str] = field(default_factory=set)
    """Marks of what was said in a group, but not to us."""
    answers: dict[str, Comment] = field(default_factory=dict)
    """An agent's public comment by its present mark."""
    changed: set[str] = field(default_factory=set)
    """Marks of answers that replaced others."""
    withdrawn: set[str] = field(default_factory=set)
    """Marks of answers that were changed or deleted since: the client need not have seen them."""
    secrets: set[str] = field(default_factory=set)
    """Marks of what no client may ever read."""
    orders: list[Comment] = field(default_factory=list)
    """Agents' orders to the bot, right ones and wrong ones."""


class Client:
    """One person in one chat; a group when the chat's id is negative. `heeded`: which words of a group are for us."""

    def __init__(self, chat: str, world: ChatWorld, said: Said, chance: random.Random, heeded: Groups) -> None:
        self.chat = chat
        self.group = "Магазин" if chat.startswith("-") else None
        self._world = world
        self._said = said
        self._chance = chance
        self._heeded = heeded
        self._count = 0
        self._mine: list[tuple[str, Message]] = []
        self._acts: list[tuple[Callable[[], object], int]] = [
            (self._write, 24),
            (self._quote, 14),
            (self._album, 8),
            (self._edit, 9),
            (self._another, 12),
            (self._choose, 12),
            (self._write_and_choose, 10),
            (self._tap, 6),
            (self._tap_something, 20),
            (self._wish, 5),
            (lambda: self._tell("/requests"), 9),
            (self._say_cabinet, 5),
            (self._say_number, 5),
            (self._flood, 3),
            (self._leave_or_return, 4),
            (self._aside, 4 if self.group else 0),
            (lambda: world.send_hostile(chat, "\udfff nonsense"), 2),
            (lambda: world.repeat(chance.choice(world.updates)) if world.updates else None, 3),
        ]

    async def live(self, acts: int) -> None:
        """So many acts, some in one breath, some after a pause."""
        if not self._mine and self._chance.random() < 0.7:  # most know what they want
            self._write()
            self._tell(CABINET)
            self._tell(self._chance.choice(("1", "2")))
        does, weights = zip(*self._acts, strict=True)
        for _ in range(acts):
            await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.3, 2.0, 5.0, 9.0)))
            done = self._chance.choices(does, weights)[0]()
            if isinstance(done, Coroutine):
                await done

    def come_back(self) -> None:
        """In the end everybody is reachable."""
        if self.chat in self._world.blocked:
            self._world.let_in(self.chat)

    def answer(self, stage: Stage) -> bool:
        """Tells what the bot waits for; whether it waits for anything."""
        match stage:
            case Stage.CABINET:
                self._tell(CABINET)
            case Stage.TOPIC:
                self._tell("1")
            case Stage.WORDS:
                self._write()
            case _:
                return False
        return True

    def say_more(self) -> None:
        """A last word, when all else is over."""
        self._chance.choice((self._write, self._album))()

    # ---- words

    def _write(self, reply_to: int | None = None, *, addressed: bool = True) -> Message:
        mark = self._mark()
        files = (self._file("document"),) if self._chance.random() < 0.15 else ()
        message = self._tell(f"{mark} слова клиента", files=files, reply_to=reply_to, addressed=addressed)
        self._keep(mark, message)
        return message

    def _quote(self) -> None:
        """Answers a message: anything that stands in the chat, most often one of the latest."""
        shown = self._world.shown(self.chat)[-12 if self._chance.random() < 0.7 else -60 :]
        self._write(reply_to=self._chance.choice(shown).id if shown else None)

    def _album(self) -> None:
        name = f"album{self.chat}-{self._count}"
        for _ in range(self._chance.randint(2, 3)):
            mark = self._mark()
            self._keep(mark, self._tell(f"{mark} подпись", files=(self._file("photo"),), album=name))

    def _edit(self) -> None:
        if not self._mine:
            return
        mark, message = self._chance.choice(self._mine[-6:])
        new = f"[{mark.strip('[]')}e{message.edits + 1}]"
        self._said.versions.setdefault(mark, []).append(new)
        self._world.edit(message, f"{new} другие слова")

    def _another(self) -> None:
        """One more request, in one breath."""
        self._tell("/new")
        self._tell(self._chance.choice(("1", "2", "Касса", "Оплата")))
        self._write()

    def _flood(self) -> None:
        for _ in range(self._chance.randint(6, 9)):
            self._write()

    def _aside(self) -> None:
        self._write(addressed=False)

    # ---- taps

    def _choose(self) -> None:
        """Says by a button which request they mean, and sometimes what they have to say to it."""
        if self._tap(lambda kind: kind in ("ticket", "open")) and self._chance.random() < 0.6:
            self._write()

    async def _write_and_choose(self) -> None:
        """Writes, looks what the bot says to that, and chooses what it offers."""
        for _ in range(self._chance.randint(1, 3)):
            self._write()
        await asyncio.sleep(2.0)
        self._choose()

    def _tap_something(self) -> None:
        """Every wish there is a button for is as likely as any other, however many buttons it has."""
        kinds = sorted({button.data.partition(":")[0] for _, button in self._buttons(10)})
        if kinds:
            wanted = self._chance.choice(kinds)
            self._tap(lambda kind: kind == wanted)

    def _tap(self, wanted: Callable[[str], bool] = lambda kind: True) -> bool:
        """Taps one of the latest buttons of that kind; whether there was one."""
        found = [each for each in self._buttons(10) if wanted(each[1].data.partition(":")[0])]
        if found:
            message, button = self._chance.choice(found[-6:])
            self._world.tap(message, button.data)
        return bool(found)

    def _buttons(self, latest: int) -> list[tuple[Message, Button]]:
        shown = [message for message in self._world.shown(self.chat) if message.buttons][-latest:]
        return [(message, button) for message in shown for row in message.buttons for button in row]

    # ---- everything else

    def _wish(self) -> None:
        self._tell(self._chance.choice(("/start", f"/start {OTHER_CABINET}", "/new", "/requests", "/help", "/profile")))

    def _say_cabinet(self) -> None:
        self._tell(self._chance.choice((CABINET, OTHER_CABINET, UNKNOWN_CABINET, "abc1")))

    def _say_number(self) -> None:
        self._tell(self._chance.choice(("1", "2", "3", "№1", "№2", "№3", "Касса", "Офис")))

    def _leave_or_return(self) -> None:
        if self.chat in self._world.blocked:
            self._world.let_in(self.chat)
        else:
            self._world.block(self.chat)

    def _tell(
        self,
        text: str,
        *,
        files: tuple[File, ...] = (),
        album: str | None = None,
        reply_to: int | None = None,
        addressed: bool = True,
    ) -> Message:
        self._world.blocked.discard(self.chat)  # whoever writes hears us again
        return self._world.write(
            self.chat, text, files=files, album=album, reply_to=reply_to, addressed=addressed, group=self.group
        )

    def _mark(self) -> str:
        self._count += 1
        return f"[c{self.chat}m{self._count}]"

    def _keep(self, mark: str, message: Message) -> None:
        self._said.words[mark] = message
        self._mine.append((mark, message))
        if self.group and (self._heeded is Groups.NEVER or not (message.addressed or self._heeded is Groups.ALWAYS)):
            self._said.unheeded.add(mark)

    def _file(self, kind: str) -> File:
        name = f"{kind}{self.chat}-{self._count}"
        self._world.contents[name] = b"content"
        return File(ref=Ref(port=CHAT_PORT, id=name), kind=FileKind(kind), name=f"{name}.bin", size=7)


class Agent:
    """Somebody at the board."""

    def __init__(self, name: str, world: BoardWorld, said: Said, chance: random.Random) -> None:
        self.name = name
        self._world = world
        self._said = said
        self._chance = chance
        self._count = 0
        self._mine: list[Comment] = []

    async def live(self, acts: int) -> None:
        """So many acts, as soon as there is something to act on."""
        for _ in range(20 if not self._world.cards else 0):
            await asyncio.sleep(1.5)
            if self._world.cards:
                break
        for _ in range(acts):
            await asyncio.sleep(self._chance.choice((0.0, 0.3, 2.0, 9.0)))
            if self._world.cards:
                self._act(self._chance.choice(list(self._world.cards.values())))

    def _act(self, card: Card) -> None:
        chance = self._chance
        match chance.randrange(19):
            case 0 | 1 | 2 | 3 | 4:
                self._answer(card)
            case 5:
                self._note(card, internal=True)
            case 6:
                self._note(card, internal=False)
            case 7 | 8:
                self._world.move(
                    card, column=chance.choice(("inbox", "doing", "asking", "asking", "finished", "finished"))
                )
            case 9:
                if chance.random() < 0.6:
                    self._world.archive(card)
                elif chance.random() < 0.2:
                    self._world.delete(card)
            case 10:
                self._change(card)
            case 11:
                self._withdraw()
            case 12:
                self._copy(card)
            case 13:
                name = f"answer-{self.name}-{self._count}"
                self._count += 1
                if self._mine:
                    file = File(ref=Ref(port="memory-board", id=name), kind=FileKind.DOCUMENT, name=name, size=7)
                    self._world.attach(chance.choice(self._mine), file)
            case 14 | 15 | 16:
                self._order(card)
            case _:
                self._answer(card)

    def _order(self, card: Card) -> None:
        """Tells the bot to do something: rightly, or in words it cannot follow, which no client may read either."""
        mark = self._mark("i")
        self._said.secrets.add(mark)
        words = self._chance.choice((*ORDERS, f"take {mark}", f"класс {mark}", f"tpl {mark}"))
        internal = self._chance.random() < 0.2
        self._said.orders.append(
            self._world.comment(card, f"#{words}", author=self.name, name=self.name, internal=internal)
        )

    def _answer(self, card: Card) -> None:
        mark = self._mark("a")
        # A person may use the very account the connector has its token from.
        author = self._world.account if self._chance.random() < 0.2 else self.name
        comment = self._world.comment(card, f"{mark} ответ", author=author, name=self.name)
        self._mine.append(comment)
        self._said.answers[mark] = comment

    def _note(self, card: Card, *, internal: bool) -> None:
        mark = self._mark("i")
        self._said.secrets.add(mark)
        self._world.comment(card, f"{'' if internal else '// '}{mark} между нами", author=self.name, internal=internal)

    def _change(self, card: Card) -> None:
        mine = [comment for comment in self._mine if not comment.deleted]
        if not mine:
            return
        comment = self._chance.choice(mine)
        old = next((mark for mark, each in self._said.answers.items() if each is comment), None)
        if old is None:
            return
        mark = self._mark("a")
        self._said.withdrawn.add(old)
        del self._said.answers[old]
        self._said.answers[mark] = comment
        self._said.changed.add(mark)
        self._world.rewrite(comment, f"{mark} другой ответ")

    def _withdraw(self) -> None:
        mine = [comment for comment in self._mine if not comment.deleted]
        if not mine:
            return
        comment = self._chance.choice(mine)
        for mark in [mark for mark, each in self._said.answers.items() if each is comment]:
            del self._said.answers[mark]
            self._said.withdrawn.add(mark)
        self._world.remove(comment)

    def _copy(self, card: Card) -> None:
        """Takes our words, signature and all, into a comment of their own for other agents."""
        ours = [comment for comment in card.comments if signatures(comment.raw)]
        if ours:
            self._world.comment(card, "// " + self._chance.choice(ours).raw.replace("[", "(").replace("]", ")"))

    def _mark(self, kind: str) -> str:
        self._count += 1
        return f"[{kind}{self.name}{self._count}]"


def strip(world: BoardWorld, comment: Comment) -> None:
    """Some editor on the board throws away what nobody sees: our comment is no longer signed."""
    world.rewrite(comment, unsigned(comment.raw))
    world.retell(comment)
