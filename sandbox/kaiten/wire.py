"""Closing the connection under a request, which ASGI has no message for."""

import httpx
from starlette.types import Receive


async def hang_up(receive: Receive, reason: str = "Server disconnected without sending a response.") -> None:
    """Closes the connection after what is written so far; what the application sends later is discarded.

    Served by uvicorn, ``receive`` belongs to the request's cycle, which has the transport of the connection. In
    process there is no connection: the client gets the exception a closed one would raise.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise httpx.RemoteProtocolError(reason)
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
