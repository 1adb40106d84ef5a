"""What the doctor finds is said in one line each, with the next step where something is not well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.kaiten.checkup import BoardCheckup, FileRoute
from adapters.telegram.checkup import ChatCheckup
from commands.doctor import (
    Finding,
    Level,
    board_findings,
    chat_findings,
    clock,
    disk,
    file_route,
    fit,
    python,
    render,
)
from connector.domain.effects import AddComment, Section
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Phase
from connector.domain.words import File, FileKind, Text
from connector.store import settling
from connector.store.looking import cards_with_files
from tests.store.shelf import Shelf, ticket

NOW = datetime(2030, 3, 17, 12, 0, tzinfo=UTC)
CHAT = ChatCheckup(who="@support_bot", skew=0.2, webhook="", pending=0)
BOARD = BoardCheckup(
    who="Telegram (@bot)", skew=-1.0, limit=50, remaining=49, boards={"17": "", "18": ""}, spaces={"3": "writer"},
    files=FileRoute(restricted=True, at=NOW - timedelta(days=1), trouble=""),
)  # fmt: skip

WELL = """\
pass  python    3.11.7, connector {version}
pass  disk      20.0 GB free in /var/lib/connector
pass  telegram  the token is @support_bot's
pass  updates   asked for, 0 waiting
pass  files     clients' files can be asked for and fetched
pass  clock     agrees with telegram
pass  kaiten    the token is Telegram (@bot)'s
pass  rights    writer in Support
pass  rights    the cards of 2 boards can be read
pass  calls     49 of 50 left
pass  files     the last of ours went the restricted way at 2030-03-16 12:00 UTC, and can be fetched
pass  clock     agrees with kaiten
pass  mapping   fits the live board (2 boards)"""

ILL = """\
fail  python    3.10.1, connector {version}
      → The connector needs Python 3.11 or newer.
fail  disk      50.0 MB free in /var/lib/connector
      → Make room: nothing can be acknowledged soon.
pass  telegram  the token is @support_bot's
fail  updates   pushed to bot.example.com, 7 waiting; last error 2030-03-17 11:55:00Z (5 min ago): Wrong response
      → Can that address be reached from outside, with a certificate Telegram accepts?
fail  files     clients' files cannot be fetched: the file server: an answer that is not the Bot API's
      → The address of the Bot API must serve /bot… and /file/bot… alike: is a proxy in between?
warn  clock     40 s ahead of telegram
      → Let this machine's clock be set by NTP (timedatectl set-ntp true).
pass  kaiten    the token is Telegram (@bot)'s
fail  rights    cards of Till cannot be read: Kaiten answered 403 to GET /cards
      → Give Telegram (@bot) access to that board.
fail  rights    only a reader in Support
      → Make Telegram (@bot) a writer of that space: cards and comments cannot be written.
pass  rights    the cards of 1 boards can be read
warn  calls     2 of 50 left
      → Something else uses this token, or a burst is under way.
fail  files     the last of ours went the public way, and cannot be fetched: the file store answered 502
      → May this machine reach the addresses Kaiten gives files (proxy, firewall)? Agents' files come that way.
fail  clock     400 s behind kaiten
      → Let this machine's clock be set by NTP (timedatectl set-ntp true).
fail  mapping   does not fit the live board
      → `connector check --live` names each with its line."""


def _page(findings: list[Finding]) -> str:
    from commands.answer import installed

    return "\n".join(render(findings)).replace(installed(), "{version}")


def _all(
    version: tuple[int, ...], free: int, chat: ChatCheckup, board: BoardCheckup, fits: int | None
) -> list[Finding]:
    return [
        python(version),
        disk(Path("/var/lib/connector"), free, writable=True),
        *chat_findings(chat, NOW, pushed=bool(chat.webhook)),
        *board_findings(board, {"17": "Till", "18": "Questions"}, {"3": "Support"}),
        fit(fits, 0),
    ]


def test_a_healthy_house() -> None:
    assert _page(_all((3, 11, 7), 20 * 2**30, CHAT, BOARD, 2)) == WELL


def test_an_unhealthy_one_is_told_what_to_do() -> None:
    chat = ChatCheckup(
        who="@support_bot", skew=40.0, webhook="https://bot.example.com/secret/path", pending=7,
        error="Wrong response", error_at=NOW - timedelta(minutes=5),
        files="the file server: an answer that is not the Bot API's",
    )  # fmt: skip
    board = BoardCheckup(
        who="Telegram (@bot)", skew=-400.0, limit=50, remaining=2,
        boards={"17": "Kaiten answered 403 to GET /cards", "18": ""}, spaces={"3": "reader"},
        files=FileRoute(restricted=False, at=None, trouble="the file store answered 502"),
    )  # fmt: skip
    assert _page(_all((3, 10, 1), 50 * 2**20, chat, board, None)) == ILL


@pytest.mark.parametrize(
    ("chat", "pushed", "level", "word"),
    [
        (CHAT, True, Level.WARN, "nowhere yet"),
        (ChatCheckup(who="b", skew=0, webhook="https://else.example", pending=0), False, Level.WARN, "else.example"),
        (ChatCheckup(who="b", skew=0, webhook="", pending=500), False, Level.WARN, "500 waiting"),
        (ChatCheckup(who="b", skew=0, webhook="https://x.example", pending=0), True, Level.PASS, "pushed to x.example"),
    ],
)
def test_updates_that_go_astray_are_noticed(chat: ChatCheckup, pushed: bool, level: Level, word: str) -> None:
    found = chat_findings(chat, NOW, pushed=pushed)[1]
    assert (found.level, word in found.found) == (level, True)


def test_a_service_without_a_clock_is_no_failure() -> None:
    assert clock("telegram", None).level is Level.WARN


def test_where_no_file_was_brought_yet_the_way_is_unknown() -> None:
    found = file_route(None)
    assert (found.level, "picture" in found.remedy) == (Level.WARN, True)


def test_the_cards_with_the_latest_files_are_looked_at(shelf: Shelf) -> None:
    picture = File(ref=Ref(port="telegram", id="f"), kind=FileKind.PHOTO, name="a.jpg")
    for number in (1, 2, 3):
        section = Section(
            key=Key(f"say/{number}"), head="", text=Text(plain="x"), files=(picture,) if number < 3 else ()
        )
        told = AddComment(key=section.key, ticket=TicketId(f"kc-{number}"), sections=(section,))
        card = Ref(port="kaiten", id=str(number))
        known = replace(ticket(card=card, phase=Phase.WORK), id=told.ticket, number=number)
        shelf.order(told, chat=str(number), tickets=[known], key=f"k{number}")
    assert shelf.do(lambda connection: cards_with_files(connection, 2)) == ()
    for claim in shelf.claim("board"):
        shelf.settle(claim, settling.Made(refs=()))
    found = shelf.do(lambda connection: cards_with_files(connection, 2))
    assert found == (Ref(port="kaiten", id="2"), Ref(port="kaiten", id="1"))
