"""Is the daemon of this configuration well, asked where it serves: for container health checks and scripts."""

from __future__ import annotations

import http.client
import json
from typing import Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.options import ConfigOption, JsonOption, load_configuration

PATIENCE = 4.0
"""Seconds the daemon gets to answer."""


def health(
    config: ConfigOption = None,
    ready: Annotated[
        bool, typer.Option("--ready", help="Also: both sides seen lately, and the journal takes writes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the running daemon whether it is well, by its own /healthz or /readyz; exit 0 when it is."""
    settings = load_configuration(config, as_json=as_json)
    host, _, port = settings.web.listen.rpartition(":")
    if not port:
        hint = "Set web.listen (CONNECTOR_WEB__LISTEN), for example to 127.0.0.1:8080."
        fail(Exit.INVALID, "The daemon serves nothing to ask.", as_json=as_json, hint=hint)
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host).strip("[]")
    try:
        status, told = _asked(host, int(port), "/readyz" if ready else "/healthz")
    except OSError as trouble:
        said = f"No daemon answers at {host}:{port}: {trouble.strerror or type(trouble).__name__}."
        fail(Exit.UNREACHABLE, said, as_json=as_json, hint="Is it running? `connector doctor` looks at the rest.")
    if status != 200:
        fail(Exit.FAILED, f"Not ready: {told}", as_json=as_json, hint="`connector status` tells more.")
    if as_json:
        answer(told)
        return
    print(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False))


def _asked(host: str, port: int, path: str) -> tuple[int, object]:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        got = connection.getresponse()
        body = got.read().decode("utf-8", "replace")
    except http.client.HTTPException as trouble:
        raise OSError(f"an answer that is not HTTP ({type(trouble).__name__})") from None
    finally:
        connection.close()
    try:
        told: object = json.loads(body)
    except ValueError:
        told = body
    return got.status, told
