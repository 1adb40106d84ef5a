"""The stage of the demo: both stand-ins, the page and the daemon, all of this machine and each on a port of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox import kaiten, telegram
from sandbox.demo import daemon as daemons
from sandbox.demo.daemon import Daemon
from sandbox.demo.page import page_app
from sandbox.loopback import HOST, address, free_port, listener, served
from sandbox.serve import board_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`chat` and `board` speak to the stand-ins, `page` is the address of the page, `health` that of the daemon."""

    chat: httpx.AsyncClient
    board: httpx.AsyncClient
    page: str
    health: str
    daemon: Daemon


@asynccontextmanager
async def set_up(*, daemon: Sequence[str], mapping: Path, port: int | None, folder: Path) -> AsyncIterator[Stage]:
    """Everything started; `port` is the page's (None takes a free one). Raises PortTaken, OSError."""
    bot_token = f"7000000001:{secrets.token_urlsafe(24)}"
    secret = secrets.token_urlsafe(16)
    web = free_port()
    with listener() as at_chat, listener() as at_board, listener(port or 0) as at_page:
        chat_app = telegram.app(bot_token, first_name="Поддержка")
        board_app = kaiten.app(base_url=address(at_board))
        settings = {
            "CONNECTOR_DATABASE_URL": f"sqlite:///{folder / 'connector.db'}",
            "CONNECTOR_MAPPING": str(mapping.absolute()),
            "CONNECTOR_TELEGRAM__TOKEN": bot_token,
            "CONNECTOR_TELEGRAM__BASE_URL": address(at_chat),
            "CONNECTOR_BOARD__TOOL": "kaiten",
            "CONNECTOR_BOARD__BASE_URL": f"{address(at_board)}/api/latest",
            "CONNECTOR_BOARD__TOKEN": next(iter(board_tokens().values())),
            "CONNECTOR_BOARD__POLL_SECONDS": "1",
            "CONNECTOR_WEB__LISTEN": f"{HOST}:{web}",
            "CONNECTOR_WEB__WEBHOOK_SECRET": secret,
        }
        async with (
            served((chat_app, at_chat), (board_app, at_board), (page_app(chat_app, board_app), at_page)),
            httpx.AsyncClient(base_url=address(at_chat), trust_env=False, timeout=30) as chat,
            httpx.AsyncClient(base_url=address(at_board), trust_env=False, timeout=30) as board,
        ):
            await _announce_changes(board, f"http://{HOST}:{web}/hooks/kaiten/{secret}")
            async with daemons.running(daemon, settings, folder) as process:
                yield Stage(
                    chat=chat, board=board, page=address(at_page), health=f"http://{HOST}:{web}", daemon=process
                )


async def _announce_changes(board: httpx.AsyncClient, url: str) -> None:
    """An outgoing webhook in every space, as a company would set it. https://developers.kaiten.ru/external-webhooks"""
    spaces = (await board.get("/sandbox/board")).raise_for_status().json()["spaces"]
    headers = {"authorization": f"Bearer {next(iter(board_tokens().values()))}"}
    for space in spaces:
        path = f"/api/latest/spaces/{space['id']}/external-webhooks"
        (await board.post(path, json={"url": url}, headers=headers)).raise_for_status()


async def ready(stage: Stage) -> bool:
    """Whether the daemon serves its own addresses and has begun to listen to the chat."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        try:
            answer = await http.get(f"{stage.health}/healthz")
        except httpx.TransportError:
            return False
    state = (await stage.chat.get("/sandbox/state")).raise_for_status().json()
    return answer.is_success and state["last_poll_age"] is not None
