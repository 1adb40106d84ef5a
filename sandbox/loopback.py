"""Serving ASGI applications on ports of this machine, inside the running event loop."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Somebody else listens on the port that was asked for."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # several servers share this process: signals belong to whoever started them


def listener(port: int = 0) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises PortTaken."""
    # Named, so that asyncio knows it for TCP and does not let small answers wait for company.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError as trouble:
        found.close()
        if trouble.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(f"port {port} of {HOST} cannot be had ({trouble.strerror}): choose another") from None
        raise
    return found


def address(of: socket.socket) -> str:
    return f"http://{HOST}:{of.getsockname()[1]}"


def free_port() -> int:
    """A port that is free now, for another process to take in the next moments."""
    with listener() as found:
        return int(found.getsockname()[1])


@asynccontextmanager
async def served(*applications: tuple[ASGIApp, socket.socket]) -> AsyncIterator[None]:
    """Serves each application on its socket until the context ends; streams still open then are cut after a second."""
    servers = [
        _Server(
            uvicorn.Config(
                application,
                log_config=None,
                log_level="critical",  # an access log would hold tokens; a stream cut at the end is no error
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        for application, _ in applications
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[bound]))
        for server, (_, bound) in zip(servers, applications, strict=True)
    ]
    try:
        while not all(server.started for server in servers):
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
