"""Alike requests make one incident, whatever turn or daemon they are decided in, and nothing of it is told twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import delete, select

from commands.audit import RECKONED, reckoned
from commands.beside import Visit
from commands.sla_what_if import tried
from connector.domain.client import Client
from connector.domain.decide import Decision, decide, wants_past
from connector.domain.effects import CreateCard, LinkCard
from connector.domain.events import AgentCommented, ClientTapped, Event
from connector.domain.incident import Standing, is_incident
from connector.domain.ladder import Agreement, Audience, Escalation, Measured, Rung, Wait
from connector.domain.policy import IncidentRule, Policy
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.domain.words import Person, Text, Words
from connector.ports import Rejected
from connector.store import codec, looking
from connector.store.deciding import handle, tick
from connector.store.elsewhere import Wording
from connector.store.forgetting import forget
from connector.store.incidents import Shown, listed, order
from connector.store.looking import overview
from connector.store.measuring import live_tickets
from connector.store.retelling import clients_since
from connector.store.settling import Made, Refused
from connector.store.tables import State, clients, hands, incidents, journal, openings, outbox, tickets
from connector.store.taking_out import whom
from connector.store.verdicts import totals
from tests.commands.test_sla import Beside
from tests.domain.sample import ANNA, POLICY
from tests.store.shelf import START, Shelf, wrote

LOOKING = replace(POLICY, incidents=IncidentRule(at_least=3))


def tapped(chat: str, topic: str = "till") -> ClientTapped:
    """The client chooses what it is about."""
    ref = Ref(port="telegram", id=f"tap-{chat}")
    return ClientTapped(
        key=ref.key, at=datetime.fromtimestamp(START, UTC), chat=Ref(port="telegram", id=chat), tap=ref,
        author=Person(ref=Ref(port="telegram", id=f"user/{chat}"), name=f"Client {chat}"), data=f"topic:{topic}",
    )  # fmt: skip


def by(policy: Policy) -> Callable[[Client, Event], Decision]:
    """The real decision."""
    return lambda client, event: decide(client, event, policy)


def turn(shelf: Shelf, policy: Policy = LOOKING, limit: int = 64) -> bool:
    """One turn; whether there is more."""
    done = shelf.do(
        lambda connection: handle(
            connection,
            shelf.now,
            by(policy),
            policy_version="v",
            limit=limit,
            wants_past=lambda event: wants_past(event, policy),
        )
    )
    assert done.raised == []
    return done.more or bool(done.events)


def settle(shelf: Shelf, policy: Policy = LOOKING, limit: int = 64) -> None:
    """Decides and carries out whatever there is, until nothing is left."""
    while turn(shelf, policy, limit) or _carried_out(shelf):
        pass


def _carried_out(shelf: Shelf) -> int:
    claims = [*shelf.claim("board"), *shelf.claim("chat")]
    for claim in claims:
        effect = claim.order.effect
        made = (Ref(port="kaiten", id=f"card-{effect.external_id}"),) if isinstance(effect, CreateCard) else ()
        shelf.settle(claim, Made(refs=made))
    return len(claims)


def opens(shelf: Shelf, *chats: int, text: str = "Касса не работает") -> None:
    for chat in chats:
        shelf.note(tapped(str(chat)), replace(wrote(f"m{chat}", chat=str(chat)), words=_words(text)))


def _words(text: str) -> Words:
    return Words(text=Text(plain=text))


def known(shelf: Shelf) -> list[Client]:
    """Every incident there is."""
    rows = shelf.do(lambda connection: connection.execute(select(clients.c.id, clients.c.state)).all())
    return [codec.read_client(row.state) for row in rows if is_incident(row.id)]


def shown(shelf: Shelf) -> list[Shown]:
    return shelf.do(listed)


@pytest.mark.parametrize("limit", [64, 1])
def test_requests_opened_in_one_turn_or_in_many_are_one_incident(shelf: Shelf, limit: int) -> None:
    opens(shelf, *range(1, 8))
    settle(shelf, limit=limit)
    [incident] = known(shelf)
    assert incident.incident is not None
    assert len(incident.incident.children) == 7
    assert incident.incident.standing is Standing.CONFIRMED
    [one] = shown(shelf)
    assert (one.standing, one.requests, one.open, one.topic) == ("confirmed", 7, 7, "till")
    linked = [row for row in shelf.orders().values() if row.kind == "LinkCard"]
    assert len(linked) == 7
    assert one.card is not None


def test_a_comment_on_its_card_reaches_everybody_once(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)
    settle(shelf)
    [one] = shown(shelf)
    comment = Ref(port="kaiten", id="comment-1")
    event = AgentCommented(
        key=comment.key, at=datetime.fromtimestamp(START, UTC), card=Ref(port="kaiten", id=one.card or ""),
        ticket=None, comment=comment, author=ANNA, text=Text(plain="Чиним"),
    )  # fmt: skip
    assert shelf.note(event).new == 1
    assert shelf.note(event).known == 1
    settle(shelf)
    opens(shelf, 4)
    settle(shelf)
    sent = [row for row in shelf.orders().values() if row.kind == "SendMessage" and row.key.startswith("reply/")]
    assert sorted(row.client for row in sent) == [f"telegram:{chat}" for chat in range(1, 5)]
    assert {row.state for row in sent} == {State.DONE}
    assert shown(shelf)[0].reached == 4


def test_without_the_part_in_the_mapping_nothing_is_kept(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)
    settle(shelf, POLICY)
    assert known(shelf) == []
    assert shelf.do(lambda connection: connection.execute(select(openings)).all()) == []


def test_what_no_burst_reaches_back_to_is_forgotten(shelf: Shelf) -> None:
    opens(shelf, 1, 2)
    settle(shelf)
    late = datetime.fromtimestamp(START, UTC) + timedelta(hours=1)
    shelf.note(tapped("9"), replace(wrote("m9", chat="9"), at=late, words=_words("Касса не работает")))
    settle(shelf)
    rows = shelf.do(lambda connection: connection.execute(select(openings)).all())
    assert [codec.read_opening(row.state, None).client for row in rows] == ["telegram:9"]
    assert known(shelf) == []


def test_a_turn_that_is_lost_leaves_nothing_behind(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)

    with shelf.engine.connect() as connection, connection.begin() as transaction:
        handle(connection, shelf.now, by(LOOKING), policy_version="v")
        transaction.rollback()
    assert shelf.do(lambda connection: connection.execute(select(incidents)).all()) == []
    settle(shelf)
    assert len(known(shelf)) == 1


def test_daemons_that_decide_at_the_same_time_found_one_incident(shelf: Shelf) -> None:
    if shelf.engine.dialect.name != "postgresql":
        pytest.skip("one SQLite file serves one daemon")
    opens(shelf, *range(1, 25))
    trouble: list[BaseException] = []

    def daemon() -> None:
        try:
            while turn(shelf, limit=2):
                pass
        except BaseException as error:  # of this thread: told below
            trouble.append(error)

    daemons = [threading.Thread(target=daemon) for _ in range(2)]
    for each in daemons:
        each.start()
    for each in daemons:
        each.join(timeout=60)
    assert trouble == []
    settle(shelf)
    [one] = shown(shelf)
    assert one.requests == 24


def test_the_operators_word_is_noted_and_carried_out(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)
    settle(shelf)
    [one] = shown(shelf)
    shelf.do(lambda connection: order(connection, shelf.now, one, confirm=False))
    settle(shelf)
    assert [each.standing for each in shown(shelf)] == ["dissolved"]
    rows = shelf.do(lambda connection: connection.execute(select(tickets.c.state)).scalars().all())
    assert all(codec.read_ticket(row).incident is None for row in rows)
    opens(shelf, 4, 5, 6)
    settle(shelf)
    assert len(known(shelf)) == 1


def test_a_bond_that_the_board_refuses_is_nobodys_dead_letter(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)
    while turn(shelf):
        pass
    for _ in range(20):
        claims = shelf.claim("board")
        for claim in claims:
            effect = claim.order.effect
            if isinstance(effect, LinkCard):
                no = Rejected("not permitted")
                shelf.settle(claim, Refused(refusal=no.refusal, reason=no.reason))
            else:
                made = (Ref(port="kaiten", id=f"card-{effect.ticket}"),) if isinstance(effect, CreateCard) else ()
                shelf.settle(claim, Made(refs=made))
        while turn(shelf):
            pass
    links = [row for row in shelf.orders().values() if row.kind == "LinkCard"]
    assert len(links) == 3
    assert {(row.state, row.reason) for row in links} == {(State.DONE, "not permitted")}


def test_what_an_incident_is_told_is_stored_and_read_back(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3)
    settle(shelf)
    [incident] = known(shelf)
    assert codec.read_client(codec.write_client(incident)) == incident
    assert not [row for row in shelf.journal().values() if row.reason]
    assert {row.kind for row in shelf.journal().values()} >= {"RequestsJoined", "IncidentTold", "RequestChanged"}
    assert Key(f"joined:{incident.id.partition(':')[2]}") in shelf.journal()
    assert TicketId(incident.id.partition(":")[2]) in {
        child.ticket for child in (incident.incident.children if incident.incident else ())
    }


def test_a_forgotten_client_is_on_no_list_and_in_no_row_of_an_incident(shelf: Shelf) -> None:
    opens(shelf, 1, 2, 3, text="Касса не работает")
    settle(shelf)
    wording = Wording(notice="удалено", title="Обращение №{number}")
    shelf.do(lambda connection: forget(connection, shelf.now, ClientId("telegram:2"), "2", wording))
    settle(shelf)
    [incident] = known(shelf)
    assert incident.incident is not None
    assert [child.client for child in incident.incident.children] == ["telegram:1", "telegram:3"]
    blocks = [row.effect for row in shelf.orders().values() if row.kind == "SetBlock" and row.client == incident.id]
    assert "Обращений: 2" in blocks[-1]
    with shelf.engine.begin() as connection:
        for table in (openings, clients, journal):
            rows = [str(tuple(row)) for row in connection.execute(select(table))]
            assert not [row for row in rows if "telegram:2" in row], table.name


def test_its_own_card_is_no_clients_request(shelf: Shelf) -> None:
    """Neither figures nor pool nor ladder nor an agreement have it among them; its requests they have."""
    soon = Agreement(
        key="soon", title="Soon", measured=Measured.RESOLUTION, target=timedelta(minutes=10), audience=Audience.TEAM
    )
    ladder = (Rung(wait=Wait.RESOLUTION, audience=Audience.TEAM, after=timedelta(minutes=5)),)
    policy = replace(
        LOOKING, agreements={"soon": soon}, escalation=Escalation(ladders=dict.fromkeys(LOOKING.classes, ladder))
    )
    opens(shelf, 1, 2, 3)
    settle(shelf, policy)
    parent = _parent(shelf)
    shelf.note(_answer(shelf, "comment-1", "Чиним"))
    settle(shelf, policy)
    shelf.now += 86_400
    shelf.do(lambda connection: tick(connection, shelf.now))
    settle(shelf, policy)

    assert not _parent(shelf).waits
    assert shelf.do(totals) == {("soon", False): 3}
    seen = shelf.do(lambda connection: overview(connection, shelf.now))
    assert sum(count for _, _, count in seen.requests) == 3
    assert parent.id not in {each.ticket for each in seen.unanswered}
    clocked, _ = shelf.do(lambda connection: live_tickets(connection, ""))
    assert {each.client for each in clocked} == {"telegram:1", "telegram:2", "telegram:3"}
    pool = shelf.do(lambda connection: connection.execute(select(hands.c.ticket)).scalars().all())
    assert parent.id not in pool
    assert len(pool) == 3
    assert shelf.do(lambda connection: whom(connection, f"#{parent.number}")) == []
    everybody = shelf.do(lambda connection: tuple(clients_since(connection, 0)))
    assert parent.client in everybody
    since = datetime.fromtimestamp(0, UTC)
    assert tried(cast(Visit, Beside(shelf)), everybody, since, policy, policy)[1] == 3


def test_its_card_is_put_under_no_agreement_of_the_boards(shelf: Shelf) -> None:
    classes = {key: replace(each, board_sla="7") for key, each in LOOKING.classes.items()}
    opens(shelf, 1, 2, 3)
    settle(shelf, replace(LOOKING, classes=classes))
    attached = [row.client for row in shelf.orders().values() if row.kind == "AttachSla"]
    assert sorted(attached) == ["telegram:1", "telegram:2", "telegram:3"]


def test_its_answer_is_reckoned_with_each_of_its_requests(shelf: Shelf) -> None:
    """The comment itself goes nowhere: an answer is lost where a request did not carry what it was told."""
    opens(shelf, 1, 2, 3)
    settle(shelf)
    shelf.note(_answer(shelf, "comment-1", "Чиним"))
    settle(shelf)
    assert _fates(shelf) == {"telegram:1": "there", "telegram:2": "there", "telegram:3": "there"}
    shelf.do(
        lambda connection: connection.execute(
            delete(outbox).where(outbox.c.client == "telegram:2", outbox.c.key.like("reply/%"))
        )
    )
    assert _fates(shelf) == {"telegram:1": "there", "telegram:2": "lost", "telegram:3": "there"}


def _parent(shelf: Shelf) -> Ticket:
    rows = shelf.do(lambda connection: connection.execute(select(tickets.c.state)).scalars().all())
    [found] = [each for each in map(codec.read_ticket, rows) if is_incident(each.client)]
    return found


def _answer(shelf: Shelf, name: str, text: str) -> AgentCommented:
    """A public comment on the incident's card."""
    comment, [one] = Ref(port="kaiten", id=name), shown(shelf)
    return AgentCommented(
        key=comment.key, at=datetime.fromtimestamp(shelf.now, UTC), card=Ref(port="kaiten", id=one.card or ""),
        ticket=None, comment=comment, author=ANNA, text=Text(plain=text),
    )  # fmt: skip


def _fates(shelf: Shelf) -> dict[str, str]:
    """What `connector audit` says of every answer, by the client it was for."""
    events = shelf.do(lambda connection: looking.events_from(connection, 0, limit=1000, kinds=RECKONED))
    found: dict[str, str] = {}
    for client in sorted({each.client for each in events if each.client is not None}):
        theirs = [each for each in events if each.client == client]
        fates, _ = shelf.do(lambda connection: reckoned(connection, shelf.now, client, theirs, LOOKING))  # noqa: B023  # called at once
        found |= {each.client: each.verdict.value for each in fates if each.answer}
    return found
