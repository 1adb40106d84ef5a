"""Serves the stand-in on a local port: `python -m sandbox.telegram --port 8081 --token 1:TOKEN`."""

from __future__ import annotations

import argparse

import uvicorn

from sandbox.telegram.server import app


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8081)
    arguments.add_argument("--token", required=True, help="the token the bot will use, as 123:ABC")
    chosen = arguments.parse_args()
    # Long polls and event streams never end by themselves, so stopping must not wait for them.
    uvicorn.run(
        app(chosen.token),
        host=chosen.host,
        port=chosen.port,
        log_level="warning",  # the access log would hold the token
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
