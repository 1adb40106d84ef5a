"""The journal of a client decided on once more, beside the daemon and by what it last saw of the board."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.answer import Exit, fail
from commands.beside import Visit
from commands.finding import request_meant

if TYPE_CHECKING:
    from connector.domain.policy import Policy
    from connector.domain.refs import ClientId
    from connector.domain.retold import Retold
    from connector.domain.ticket import Ticket
    from connector.settings import Settings
    from connector.store.retelling import Record
    from mappings.load import Loaded


def request_with_clocks(there: Visit, card: str, *, as_json: bool) -> Ticket:
    """The request meant, or the end of the command with 2: an incident's own card has no clocks."""
    from connector.domain.incident import is_incident

    ticket = request_meant(there, card, as_json=as_json)
    if is_incident(ticket.client):
        fail(
            Exit.USAGE, f"#{ticket.number} is an incident's own card, no client's request: it has no clocks.",
            as_json=as_json, hint="Name one of its requests; `connector incidents` lists incidents.",
        )  # fmt: skip
    return ticket


def policy_beside(there: Visit, settings: Settings, loaded: Loaded, *, as_json: bool) -> Policy:
    """The mapping with the board's ids, by the layout the daemon last saw; asked of the board where it never did."""
    from commands.mapping import ask_live
    from connector.store.retelling import kept_layout
    from mappings.load import render
    from mappings.resolve import resolve

    assert loaded.mapping is not None
    layout = there.do(lambda connection, _: kept_layout(connection))
    if layout is None:
        _, _, layout = ask_live(settings, loaded, as_json=as_json)
    board, problems = resolve(loaded.mapping, layout)
    if board is None:
        fail(Exit.INVALID, render(problems), "", f"{settings.mapping} does not fit the board.", as_json=as_json)
    return loaded.policy(board)


def told_of(there: Visit, client: ClientId, policy: Policy) -> tuple[Record, Retold]:
    """What is kept of the client's events, and what they give when decided on once more."""
    from connector.domain.retold import retold
    from connector.store.retelling import record_of

    record = there.do(lambda connection, _: record_of(connection, client))
    numbers = {ticket.id: ticket.number for ticket in record.tickets}
    return record, retold(client, record.events, policy, numbers, record.threads)


def moment_now(there: Visit) -> datetime:
    """The database's own time."""
    return datetime.fromtimestamp(there.do(lambda _, at: at), UTC)
