"""Runs the two stand-ins alone, for a rehearsal with a daemon of one's own."""

from __future__ import annotations

import asyncio
import json
import signal

from sandbox import kaiten, telegram
from sandbox.loopback import address, listener, served

BOT_TOKEN = "7000000001:sandbox-bot-token"
"""What the Telegram stand-in calls its bot unless told otherwise. It opens nothing in the world."""


def serve(telegram_port: int = 8081, kaiten_port: int = 8082, *, bot_token: str = BOT_TOKEN) -> None:
    """Serves until Ctrl-C or SIGTERM, after telling the addresses, the tokens and the daemon's environment.

    Port 0 takes a free one. Raises loopback.PortTaken.
    """
    asyncio.run(_serve(telegram_port, kaiten_port, bot_token))


async def _serve(telegram_port: int, kaiten_port: int, bot_token: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with listener(telegram_port) as chat, listener(kaiten_port) as board:
        company = kaiten.app(base_url=address(board))
        async with served((telegram.app(bot_token), chat), (company, board)):
            print(_told(address(chat), address(board), bot_token), flush=True)
            await stop.wait()


def board_tokens() -> dict[str, str]:
    """Full name → token of everybody in the company the Kaiten stand-in begins with."""
    seed = json.loads(kaiten.CORE12.read_text(encoding="utf-8"))
    return {user["full_name"]: user["token"] for user in seed["users"]}


def _told(chat: str, board: str, bot_token: str) -> str:
    tokens = board_tokens()
    people = "\n".join(f"    {name:<16} {token}" for name, token in tokens.items())
    return f"""\
Telegram stand-in   {chat}   (the people who write to the bot: {chat}/sandbox/…)
    bot token        {bot_token}
Kaiten stand-in     {board}   (the people at the board: {board}/sandbox/…)
{people}

The daemon's environment:

export CONNECTOR_TELEGRAM__BASE_URL={chat}
export CONNECTOR_TELEGRAM__TOKEN={bot_token}
export CONNECTOR_BOARD__TOOL=kaiten
export CONNECTOR_BOARD__BASE_URL={board}/api/latest
export CONNECTOR_BOARD__TOKEN={next(iter(tokens.values()))}
export CONNECTOR_BOARD__POLL_SECONDS=1
export CONNECTOR_DATABASE_URL=sqlite:///rehearsal.db
export CONNECTOR_MAPPING=mappings/support.example.yaml

Ctrl-C stops both; what was in them is gone then."""
