"""Telling the story in a terminal, and its end as text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.demo.looks import Card, Comment, Said

_KINDS = {"photo": "фото", "voice": "голосовое сообщение", "audio": "аудио", "video": "видео", "document": "файл"}
_NAME_WIDTH = 8


class Terminal:
    """`pause` in seconds after each line, for the eye; 0 for nobody's."""

    def __init__(self, console: Console, *, pause: float) -> None:
        self._console = console
        self._pause = pause
        self._chapters = 0

    async def chapter(self, title: str) -> None:
        self._chapters += 1
        self._console.print()
        self._console.print(Rule(Text(f"{self._chapters}. {title}", style="bold"), align="left", style="dim"))
        await asyncio.sleep(self._pause)

    async def client(self, name: str, text: str) -> None:
        await self._line(name, text, "cyan")

    async def agent(self, name: str, text: str) -> None:
        await self._line(name.partition(" ")[0], text, "magenta")

    async def bot(self, said: Said) -> None:
        await self._line("Бот", _words(said), "green")

    async def seen(self, what: str, seconds: float) -> None:
        mark = Text("  ✓ ", style="bold green") + Text(what) + Text(f"  {_seconds(seconds)}", style="dim")
        self._console.print(mark)
        await asyncio.sleep(self._pause)

    async def _line(self, name: str, text: str, colour: str) -> None:
        line = Table.grid(padding=(0, 2))
        line.add_column(width=_NAME_WIDTH, style=f"bold {colour}")
        line.add_column()
        line.add_row(Text(name), Text(text))
        self._console.print(Padding(line, (0, 0, 0, 2)))
        await asyncio.sleep(self._pause)


def shown_card(card: Card) -> Panel:
    """The card with everything on it."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    rows = [
        ("Место", f"{card.board} › {card.column} › {card.lane}"),
        ("Срок", f"{card.due.astimezone():%d.%m.%Y %H:%M}" if card.due else "нет"),
        ("Метки", ", ".join(card.tags)),
        ("Ответственный", ", ".join(card.responsible)),
        *card.fields,
        ("Файлы", ", ".join(file.name for file in card.files)),
    ]
    for name, value in rows:
        if value:
            facts.add_row(Text(name), Text(value))
    history = [_comment(comment) for comment in card.comments]
    title = Text(f"Карточка {card.id} · {card.title}", style="bold")
    return Panel(Group(facts, Text(), *history), title=title, title_align="left", padding=(1, 2))


def _comment(comment: Comment) -> Text:
    text = Text(f"{comment.author}", style="bold magenta")
    text.append(" (внутренний)" if comment.internal else "", style="dim")
    text.append(f"\n{_visible(comment.text)}", style="not bold default")
    for file in comment.files:
        text.append(f"\n📎 {file.name}", style="not bold dim")
    return text + Text("\n")


def shown_chat(chat: Sequence[Said], client: str) -> Panel:
    """Both sides of the chat, in order."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(width=_NAME_WIDTH)
    lines.add_column()
    for said in chat:
        name = Text("Бот", style="bold green") if said.by_bot else Text(client, style="bold cyan")
        lines.add_row(name, Text(_words(said)))
    return Panel(lines, title=Text("Чат клиента", style="bold"), title_align="left", padding=(1, 2))


def _words(said: Said) -> str:
    parts = [f"[{_KINDS.get(said.kind, said.kind)}]"] if said.kind != "text" else []
    parts += [said.text] if said.text else []
    line = " ".join(parts)
    if said.buttons:
        line += "\n" + "  ".join(f"[{label}]" for label in said.buttons)
    if said.reactions:
        line += f"  {''.join(said.reactions)}"
    return line


def _visible(text: str) -> str:
    """Without the signs of bold, and without characters that have no width: those mark whose hand wrote it."""
    return "".join(sign for sign in text.replace("**", "") if sign not in "\u200b\u200c\u200d\u2060\u2063")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} с".replace(".", ",")
