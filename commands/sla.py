"""The clocks of requests, looked into: why one stands as it does, whether all are right, what other terms would do."""

from __future__ import annotations

import typer

from commands.sla_audit import audit
from commands.sla_explain import explain
from commands.sla_what_if import what_if

sla = typer.Typer(name="sla", no_args_is_help=True, help="The clocks of requests: explained, checked, tried out.")
sla.command()(explain)
sla.command()(audit)
sla.command("what-if")(what_if)
