"""The clocks of a request explained, held against the journal, and tried under other terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import func, select, update

from commands.beside import Visit
from commands.sla_audit import differences, is_older, timer_differences
from commands.sla_explain import explained, head, spans, sums, verdict
from commands.sla_what_if import tried
from connector.domain.clock import Measure
from connector.domain.layout import BoardLayout, Column, Lane, Layout
from connector.domain.policy import Policy
from connector.domain.refs import ClientId
from connector.domain.retold import Retold, retold
from connector.domain.sheet import Timer
from connector.domain.ticket import Ticket
from connector.store import codec, looking
from connector.store.retelling import Record, clients_since, keep_layout, kept_layout, record_of
from connector.store.tables import journal, tickets
from tests.commands.told import Told, loaded
from tests.store.shelf import Shelf

CLIENT = ClientId("telegram:1")


def policy() -> Policy:
    return loaded().policy(today=date(2030, 3, 17))


def story(shelf: Shelf) -> Told:
    """Asked; answered 14 s after the request was complete; asked again; the client stops the bot and returns."""
    told = Told(shelf=shelf)
    told.open()
    shelf.now += 10
    told.says("5", "Уже второй час")
    told.answers(90, "Перезагрузите кассу")
    told.says("6", "Не помогло")
    return told


def known(shelf: Shelf, now: Policy | None = None) -> tuple[Ticket, Record, Retold]:
    record = shelf.do(lambda connection: record_of(connection, CLIENT))
    numbers = {each.id: each.number for each in record.tickets}
    found = retold(CLIENT, record.events, now or policy(), numbers, record.threads)
    (ticket,) = record.tickets
    return ticket, record, found


def test_the_journal_tells_the_same_clocks_as_the_request_remembers(shelf: Shelf) -> None:
    story(shelf)
    ticket, record, told = known(shelf)
    assert ticket.stamps
    assert not is_older(ticket)
    assert told.tickets[ticket.id].stamps == ticket.stamps
    assert differences(ticket, record, told, policy()) == []


def test_a_stamp_that_is_not_in_the_journal_is_found(shelf: Shelf) -> None:
    story(shelf)
    ticket, *_ = known(shelf)
    wrong = replace(ticket, stamps=ticket.stamps[:-1])
    text = codec.write_ticket(wrong)
    shelf.do(lambda connection: connection.execute(update(tickets).values(state=text)))
    (found,) = differences(*known(shelf), policy())
    assert (found["number"], found["what"], found["stored"]) == (1, "stamps", "-")
    assert found["journal"].endswith(" asked")


def test_a_request_of_an_earlier_version_is_no_difference(shelf: Shelf) -> None:
    story(shelf)
    ticket, record, told = known(shelf)
    older = replace(ticket, stamps=())
    assert is_older(older)
    assert differences(older, record, told, policy()) == []


def test_every_stretch_is_told_with_its_reason_and_sums(shelf: Shelf) -> None:
    story(shelf)
    ticket, record, told = known(shelf)
    now = datetime.fromtimestamp(shelf.now, UTC) + timedelta(hours=6)
    found = explained(ticket, record, told, policy(), now)
    assert found["source"] == "journal"
    assert found["other_mappings"] == ["3fa20b1c9d7e"]
    assert [each["measure"] for each in found["clocks"]] == ["first_reply", "resolution", "next_reply"]
    for each in found["clocks"]:
        assert each["counted"] + sum(each["paused"].values()) == each["elapsed"]
        assert sum(row["seconds"] for row in each["spans"]) == each["elapsed"]
    first, resolution, _ = found["clocks"]
    assert (first["state"], first["target"], first["ends"] is not None) == ("met", None, True)
    assert (resolution["state"], resolution["target"]) == ("breached", 5 * 3600)
    text = "\n".join([*head(found), verdict(resolution, found["zone"]), sums(resolution)])
    assert text.startswith("request   #1 (kc-")
    assert "resolution: breached, 6:00:1" in text
    assert "of 5:00:00 (calendar time), due 2030-03-1" in text
    assert "class     2030-03-1" in text
    assert "Сверхсрочно, as it was opened" in text
    assert [row[3] for row in spans(resolution, "UTC")][-1] == "counts"


def test_where_the_journal_holds_no_more_of_it_the_request_itself_tells(shelf: Shelf) -> None:
    story(shelf)
    ticket, record, _ = known(shelf)
    found = explained(ticket, record, Retold(), policy(), datetime.fromtimestamp(shelf.now, UTC))
    assert found["source"] == "ticket"
    assert "what the request itself remembers" in "\n".join(head(found))


def test_a_timer_of_the_board_that_is_near_none_of_our_clocks_is_told(shelf: Shelf) -> None:
    story(shelf)
    ticket, *_ = known(shelf)
    now = ticket.opened_at + timedelta(hours=1)
    near = Timer(rule="a", counted=timedelta(hours=1, seconds=30), ended=False)
    far = Timer(rule="b", counted=timedelta(hours=3), ended=False)
    (row,) = timer_differences(ticket, (near, far), policy(), now)
    assert (row["what"], row["journal"]) == ("timer b", "3:00:00")
    assert row["stored"].startswith("resolution 1:00:0")


class Beside:
    """A visit to the shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def do(self, step: Any) -> Any:
        return self.shelf.do(lambda connection: step(connection, self.shelf.now))


def test_other_targets_are_tried_on_the_journal_and_nothing_is_changed(shelf: Shelf) -> None:
    story(shelf)
    shelf.now += 3600
    Told(shelf=shelf, messages=100).says("7", "Ау")
    now = policy()
    short = replace(now.classes["urgent"], first_reply=timedelta(seconds=1), resolution=timedelta(minutes=30))
    then = replace(now, classes={"urgent": short})

    def rows() -> object:
        return shelf.do(
            lambda c: (
                c.execute(select(func.count()).select_from(journal)).scalar(),
                tuple(c.execute(select(tickets)).all()),
            )
        )

    before = rows()
    clients = shelf.do(lambda connection: tuple(clients_since(connection, 0)))
    assert clients == (CLIENT,)
    there = cast(Visit, Beside(shelf))
    since = datetime.fromtimestamp(0, UTC)
    table, count, at = tried(there, clients, since, now, then)
    assert (table, count, at) == tried(there, clients, since, now, then)
    assert rows() == before
    assert count == 1
    assert [(each.by, each.key, each.requests) for each in table] == [("class", "urgent", 1), ("topic", "cash", 1)]
    for each in table:
        assert sum(each.before.values()) == 0
        assert each.after == {Measure.FIRST_REPLY: 1, Measure.NEXT_REPLY: 0, Measure.RESOLUTION: 1}
    later = datetime.fromtimestamp(shelf.now, UTC)
    assert tried(there, clients, later, now, then)[1] == 0


def test_the_board_is_remembered_as_it_was_last_seen(shelf: Shelf) -> None:
    layout = Layout(
        spaces=(("1", "Поддержка"),),
        boards=(
            BoardLayout(
                id="2", title="Касса", space="1", columns=(Column(id="3", title="Ждём", pauses=True),),
                lanes=(Lane(id="4", title="Срочно"),),
            ),
        ),
        users=(),
        fields=(),
    )  # fmt: skip
    assert shelf.do(kept_layout) is None
    for _ in range(2):
        shelf.do(lambda connection: keep_layout(connection, layout))
    assert shelf.do(kept_layout) == layout
    labelled = replace(layout, tags=("vip", "Кабинет 77", "Кабинет"))
    shelf.do(lambda connection: keep_layout(connection, labelled, of_people="Кабинет {cabinet}"))
    assert shelf.do(kept_layout) == replace(layout, tags=("vip", "Кабинет"))


def test_requests_are_found_by_their_number(shelf: Shelf) -> None:
    story(shelf)
    (ticket,) = shelf.do(lambda connection: looking.tickets_where(connection, number=1))
    assert ticket.stamps[0].at <= ticket.opened_at
