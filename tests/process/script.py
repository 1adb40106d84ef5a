"""Scripts of conversations: what a client does, what they hear, what stands on the board, step by step."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.process.company import Company

_numbers = itertools.count(810_001)


@dataclass
class Scene:
    """One client in a company whose daemon runs: what was written is remembered by a name of ours."""

    company: Company
    language: str = "ru"
    chat: int = field(default_factory=lambda: next(_numbers))
    written: dict[str, int] = field(default_factory=dict)
    heard: int = 0

    def __post_init__(self) -> None:
        self.company.client(self.chat, f"Клиент {self.chat}", self.language)

    @property
    def cabinet(self) -> str:
        return str(self.chat)

    def cards(self) -> list[dict[str, Any]]:
        """The client's own cards, oldest first."""
        mine = [card for card in self.company.cards() if f"Клиент {self.chat}" in card["description"]]
        return sorted(mine, key=lambda card: card["id"])

    def card(self, title: str | None) -> dict[str, Any] | None:
        """The latest card, or the one whose title contains the words."""
        found = [card for card in self.cards() if title is None or title in card["title"]]
        return found[-1] if found else None

    def play(self, *steps: Step) -> None:
        """The steps in order; a step that does not come true within its time fails with its own name."""
        for step in steps:
            step.play(self)


def _written(thing: object) -> str:
    """Everything in it as text, every sign as it is."""
    return json.dumps(thing, ensure_ascii=False)


class Step(Protocol):
    """One thing a person does or sees."""

    def play(self, scene: Scene) -> None: ...


@dataclass(frozen=True)
class Says:
    """The client writes."""

    text: str
    name: str = ""
    answering: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def play(self, scene: Scene) -> None:
        more = {**self.more, **({"reply_to": scene.written[self.answering]} if self.answering else {})}
        text = self.text.format(cabinet=scene.cabinet)
        scene.written[self.name] = scene.company.says(scene.chat, text, **more)


@dataclass(frozen=True)
class Sends:
    """The client sends something that is no text; `more` as the stand-in takes it."""

    kind: str
    name: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def play(self, scene: Scene) -> None:
        scene.written[self.name] = scene.company.sends(scene.chat, self.kind, **self.more)


@dataclass(frozen=True)
class Part:
    """One picture of an album."""

    group: str
    caption: str = ""

    def play(self, scene: Scene) -> None:
        more: dict[str, Any] = {"extra": {"media_group_id": f"{scene.chat}{self.group}"}}
        if self.caption:
            more["caption"] = self.caption
        scene.company.sends(scene.chat, "photo", **more)


@dataclass(frozen=True)
class Waits:
    """Time passes."""

    seconds: float

    def play(self, scene: Scene) -> None:
        time.sleep(self.seconds)


@dataclass(frozen=True)
class Taps:
    """The client taps the newest button whose label contains the words."""

    label: str

    def play(self, scene: Scene) -> None:
        def found() -> str | None:
            for message in reversed(scene.company.from_bot(scene.chat)):
                for row in message["buttons"] or []:
                    for button in row:
                        if self.label.format(cabinet=scene.cabinet) in button["text"] and not message["deleted"]:
                            return str(button["text"])
            return None

        scene.company.taps(scene.chat, scene.company.until(f"the button {self.label}", found))


@dataclass(frozen=True)
class Edits:
    """The client edits what they wrote."""

    name: str
    text: str

    def play(self, scene: Scene) -> None:
        path = f"/sandbox/chats/{scene.chat}/messages/{scene.written[self.name]}"
        scene.company._chat("PUT", path, json={"text": self.text})


@dataclass(frozen=True)
class Hears:
    """The bot says it, after everything heard before; `never` must not have been said meanwhile."""

    text: str
    name: str = ""
    never: str = ""

    def play(self, scene: Scene) -> None:
        wanted = self.text.format(cabinet=scene.cabinet)

        def found() -> dict[str, Any] | None:
            for message in scene.company.from_bot(scene.chat):
                if message["message_id"] > scene.heard and wanted in (message["text"] or "") and not message["deleted"]:
                    return dict(message)
            return None

        message = scene.company.until(f"the bot says {wanted!r}", found)
        between = [
            each["text"] or ""
            for each in scene.company.from_bot(scene.chat)
            if scene.heard < each["message_id"] <= message["message_id"]
        ]
        assert not self.never or not any(self.never in text for text in between), between
        scene.heard = message["message_id"]
        scene.written[self.name] = scene.heard


@dataclass(frozen=True)
class HearsNothing:
    """The bot says nothing new for a while; marks on messages are no words."""

    seconds: float = 1.0

    def play(self, scene: Scene) -> None:
        time.sleep(self.seconds)
        said = [m["text"] for m in scene.company.from_bot(scene.chat) if m["message_id"] > scene.heard]
        assert said == [], said


@dataclass(frozen=True)
class HearsAgain:
    """A message heard before reads otherwise now."""

    name: str
    text: str

    def play(self, scene: Scene) -> None:
        def found() -> bool:
            return any(
                message["message_id"] == scene.written[self.name] and self.text in (message["text"] or "")
                for message in scene.company.from_bot(scene.chat)
            )

        scene.company.until(f"the message reads {self.text!r}", found)


@dataclass(frozen=True)
class Gets:
    """The bot sends a file of that kind."""

    kind: str

    def play(self, scene: Scene) -> None:
        def found() -> int | None:
            kinds = {m["message_id"]: m["kind"] for m in scene.company.from_bot(scene.chat)}
            return next((key for key, kind in kinds.items() if key > scene.heard and kind == self.kind), None)

        scene.heard = scene.company.until(f"a {self.kind} from the bot", found)


@dataclass(frozen=True)
class Sees:
    """The client's own message carries the mark."""

    name: str
    emoji: str

    def play(self, scene: Scene) -> None:
        def found() -> bool:
            for message in scene.company.chat(scene.chat)["messages"]:
                if message["message_id"] == scene.written[self.name]:
                    return self.emoji in str(message["reactions"]).replace("\ufe0f", "")
            return False

        scene.company.until(f"the mark {self.emoji}", found)


@dataclass(frozen=True)
class Keyboard:
    """The keys under the message field."""

    keys: tuple[str, ...]

    def play(self, scene: Scene) -> None:
        def found() -> bool:
            keyboard = scene.company.chat(scene.chat)["reply_keyboard"] or {}
            shown = [key["text"] for row in keyboard.get("keyboard", []) for key in row]
            return tuple(shown) == self.keys

        scene.company.until(f"the keys {self.keys}", found)


@dataclass(frozen=True)
class Card:
    """The card shows all of it, somewhere: title, description, tags, properties, comments, names of files.

    `title` picks the card; without it the latest one is meant. `never` must stand nowhere on it.
    """

    words: tuple[str, ...] = ()
    title: str | None = None
    column: str | None = None
    board: str | None = None
    never: str = ""

    def play(self, scene: Scene) -> None:
        wanted = [each.format(cabinet=scene.cabinet) for each in self.words]

        def found() -> bool:
            card = scene.card(self.title)
            if card is None:
                return False
            whole = _written(card)
            placed = self.column in (None, card["column"]) and self.board in (None, card["board"])
            return placed and all(each in whole for each in wanted)

        scene.company.until(f"a card with {wanted} in {self.column or self.board or 'any place'}", found)
        assert not self.never or self.never not in _written(scene.card(self.title))


@dataclass(frozen=True)
class Comments:
    """The comments of the card with these words, in this order, and no others but internal ones."""

    words: tuple[str, ...]
    title: str | None = None

    def play(self, scene: Scene) -> None:
        def texts() -> list[str]:
            card = scene.card(self.title)
            return [_written(comment) for comment in card["comments"] if not comment["internal"]] if card else []

        def found() -> bool:
            seen = texts()
            return len(seen) == len(self.words) and all(
                word in text for word, text in zip(self.words, seen, strict=True)
            )

        scene.company.until(f"the comments {self.words}, not {texts()}", found)


@dataclass(frozen=True)
class Cards:
    """So many cards the client has."""

    count: int

    def play(self, scene: Scene) -> None:
        scene.company.until(f"{self.count} cards", lambda: len(scene.cards()) == self.count)


@dataclass(frozen=True)
class Agent:
    """An agent comments on the card."""

    text: str
    title: str | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def play(self, scene: Scene) -> None:
        card = scene.company.until("the card", lambda: scene.card(self.title))
        scene.company.comments(card["id"], "anna", self.text, **self.more)


@dataclass(frozen=True)
class Moves:
    """An agent moves the card into a column."""

    column: str
    title: str | None = None
    board: str | None = None

    def play(self, scene: Scene) -> None:
        card = scene.company.until("the card", lambda: scene.card(self.title))
        place = {"board": self.board} if self.board else {}
        scene.company.moves(card["id"], "anna", column=self.column, **place)


@dataclass(frozen=True)
class Restarts:
    """The daemon is killed where it stands and started anew."""

    def play(self, scene: Scene) -> None:
        daemon = scene.company.daemons[-1]
        daemon.kill()
        daemon.wait(timeout=10)
        scene.company.start()


@dataclass(frozen=True)
class Blocks:
    """The client stops the bot, or lets it back in."""

    back: bool = False

    def play(self, scene: Scene) -> None:
        scene.company._chat("POST", f"/sandbox/chats/{scene.chat}/{'unblock' if self.back else 'block'}")


@dataclass(frozen=True)
class Files:
    """So many files under the card's latest comment."""

    count: int

    def play(self, scene: Scene) -> None:
        def found() -> bool:
            card = scene.card(None)
            return card is not None and bool(card["comments"]) and len(card["comments"][-1]["files"]) == self.count

        scene.company.until(f"{self.count} files under the latest comment", found)


@dataclass(frozen=True)
class Corrects:
    """The agent edits their latest comment."""

    text: str

    def play(self, scene: Scene) -> None:
        card, comment = _latest_of_anna(scene)
        path = f"/sandbox/cards/{card}/comments/{comment}"
        scene.company._board("PATCH", path, json={"user": "anna", "text": self.text})


@dataclass(frozen=True)
class TakesBack:
    """The agent deletes their latest comment."""

    def play(self, scene: Scene) -> None:
        card, comment = _latest_of_anna(scene)
        path = f"/sandbox/cards/{card}/comments/{comment}"
        scene.company.kaiten.request("DELETE", path, json={"user": "anna"}).raise_for_status()


def _latest_of_anna(scene: Scene) -> tuple[int, int]:
    card = scene.card(None)
    assert card is not None
    return card["id"], [each["id"] for each in card["comments"] if each["author"]["username"] == "anna"][-1]


@dataclass(frozen=True)
class Vanishes:
    """A message heard before is gone from the chat."""

    name: str

    def play(self, scene: Scene) -> None:
        def found() -> bool:
            return any(
                message["message_id"] == scene.written[self.name] and message["deleted"]
                for message in scene.company.from_bot(scene.chat)
            )

        scene.company.until("the message is taken back", found)
