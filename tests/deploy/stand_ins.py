"""Both stand-ins at every address of a container, for the daemons on the network beside it."""

import asyncio
import os

import uvicorn

import sandbox.kaiten
import sandbox.telegram

CHAT_PORT, BOARD_PORT = 8081, 8082


async def _serve() -> None:
    sides = {CHAT_PORT: sandbox.telegram.app(os.environ["BOT_TOKEN"]), BOARD_PORT: sandbox.kaiten.app()}
    await asyncio.gather(
        *(
            uvicorn.Server(
                uvicorn.Config(side, host="0.0.0.0", port=port, log_config=None, access_log=False, lifespan="off")
            ).serve()
            for port, side in sides.items()
        )
    )


if __name__ == "__main__":
    asyncio.run(_serve())
