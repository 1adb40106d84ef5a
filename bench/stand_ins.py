"""`python -m bench.stand_ins`: both stand-ins, in a process that takes no time from the daemon's."""

from __future__ import annotations

import asyncio
import json
import socket
import sys

from sandbox import kaiten, telegram
from sandbox.loopback import address, listener, served


async def serve(token: str) -> None:
    """Serves until standard input ends; first tells both addresses as a line of JSON."""
    with listener() as chat, listener() as board:
        for bound in (chat, board):
            # Accepted connections inherit it; without it a kernel's 40 ms of waiting would stand in every figure.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with served((telegram.app(token), chat), (kaiten.app(base_url=address(board)), board)):
            print(json.dumps({"telegram": address(chat), "kaiten": address(board)}), flush=True)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
