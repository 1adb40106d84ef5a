"""What clients and agents do in a rehearsal: each drawn from the seed, and every word of theirs to be found again."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from adapters.memory import BoardWorld, ChatWorld
from adapters.memory.chat import PORT as CHAT_PORT
from adapters.memory.world import Card, Comment, Message
from connector.domain.refs import Ref
from connector.domain.signature import signatures, unsigned
from connector.domain.words import File, FileKind
from tests.weather.company import CABINET


@dataclass(slots=True)
class Said:
    """What people have said, by the marks in their words: who must find what in the end."""

    words: dict[str, Message] = field(default_factory=dict)
    """A client's message by the mark it was written with."""
    latest: dict[str, str] = field(default_factory=dict)
    """Of an edited message: the mark it was written with → the one it has now."""
    unaddressed: set[str] = field(default_factory=set)
    answers: dict[str, Comment] = field(default_factory=dict)
    """An agent's public comment by its present mark."""
    changed: set[str] = field(default_factory=set)
    """Marks of answers that replaced others."""
    withdrawn: set[str] = field(default_factory=set)
    """Marks of answers that were changed or deleted since: the client need not have seen them."""
    secrets: set[str] = field(default_factory=set)
    """Marks of what no client may ever read."""


class Client:
    """One person in one chat; a group when the chat's id is negative."""

    def __init__(self, chat: str, world: ChatWorld, said: Said, chance: random.Random) -> None:
        self.chat = chat
        self._world = world
        self._said = said
        self._chance = chance
        self._count = 0
        self._mine: list[tuple[str, Message]] = []

    async def live(self, acts: int) -> None:
        """So many acts, some in one breath, some after a pause."""
        if self._chance.random() < 0.7:  # most know what they want
            self._write()
            self._world.write(self.chat, CABINET)
            self._world.write(self.chat, self._chance.choice(("1", "2")))
        for _ in range(acts):
            await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.3, 2.0, 9.0)))
            self._act()

    def conclude(self) -> None:
        """In the end everybody is reachable and has said what their words are about."""
        if self.chat in self._world.blocked:
            self._world.let_in(self.chat)
        self._world.write(self.chat, CABINET)
        self._world.write(self.chat, "1")
        if self._chance.random() < 0.3:
            self._album()

    def _act(self) -> None:
        chance = self._chance
        match chance.randrange(22):
            case 0:
                self._world.write(self.chat, chance.choice(("/start", "/new", "/requests", "/help", "/profile")))
            case 1:
                self._world.write(self.chat, chance.choice((CABINET, "abc1")))
            case 2:
                self._world.write(self.chat, chance.choice(("1", "2", "Касса")))
            case 3 | 4 | 5:
                self._tap()
            case 6 | 7:
                self._edit()
            case 8 | 9:
                self._album()
            case 10:
                quoted = chance.choice(self._world.shown(self.chat) or [None])
                self._write(reply_to=quoted.id if quoted else None)
            case 11:
                if self.chat in self._world.blocked:
                    self._world.let_in(self.chat)
                else:
                    self._world.block(self.chat)
            case 12 if self.chat.startswith("-"):
                message = self._write()
                message.addressed = False
                self._said.unaddressed.add(self._mine[-1][0])
            case 13:
                self._world.send_hostile(self.chat, "\udfff nonsense")
            case 14 if self._world.updates:
                self._world.repeat(chance.choice(self._world.updates))
            case _:
                self._write()

    def _write(self, reply_to: int | None = None) -> Message:
        self._world.blocked.discard(self.chat)
        mark = self._mark()
        files = (self._file("document"),) if self._chance.random() < 0.15 else ()
        message = self._world.write(self.chat, f"{mark} слова клиента", files=files, reply_to=reply_to)
        self._keep(mark, message)
        return message

    def _album(self) -> None:
        self._world.blocked.discard(self.chat)
        name = f"album{self.chat}-{self._count}"
        for _ in range(self._chance.randint(2, 3)):
            mark = self._mark()
            message = self._world.write(self.chat, f"{mark} подпись", files=(self._file("photo"),), album=name)
            self._keep(mark, message)

    def _edit(self) -> None:
        if not self._mine:
            return
        mark, message = self._chance.choice(self._mine[-6:])
        new = f"[{mark.strip('[]')}e{message.edits + 1}]"
        self._said.latest[mark] = new
        self._world.edit(message, f"{new} другие слова")

    def _tap(self) -> None:
        shown = [message for message in self._world.shown(self.chat) if message.buttons][-3:]
        if shown:
            message = self._chance.choice(shown)
            button = self._chance.choice([button for row in message.buttons for button in row])
            self._world.tap(message, button.data)

    def _mark(self) -> str:
        self._count += 1
        return f"[c{self.chat}m{self._count}]"

    def _keep(self, mark: str, message: Message) -> None:
        self._said.words[mark] = message
        self._mine.append((mark, message))

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
        for _ in range(20):
            await asyncio.sleep(1.5)
            if self._world.cards:
                break
        for _ in range(acts):
            await asyncio.sleep(self._chance.choice((0.0, 0.3, 2.0, 9.0)))
            if self._world.cards:
                self._act(self._chance.choice(list(self._world.cards.values())))

    def _act(self, card: Card) -> None:
        chance = self._chance
        match chance.randrange(16):
            case 0 | 1 | 2 | 3 | 4:
                self._answer(card)
            case 5:
                self._note(card, internal=True)
            case 6:
                self._note(card, internal=False)
            case 7 | 8:
                self._world.move(card, column=chance.choice(("inbox", "doing", "asking", "finished")))
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
            case _:
                self._answer(card)

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
