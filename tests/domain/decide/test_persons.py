"""The operator's word on who a client is: what follows from it, that nobody is told, and that it can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.client import Client
from connector.domain.decide import decide
from connector.domain.effects import AddComment, AddTag, ChatEffect, RemoveTag, SetFacts
from connector.domain.events import AmendmentUndone, CabinetAmended, Event, HistoryChanged, PersonAmended
from connector.domain.person import AMENDMENTS, undone
from connector.domain.refs import ClientId, Key, TicketId
from tests.domain.sample import START, WITH_CABINET, Conversation, every, only, opened

OTHER = ClientId("telegram:88")
ME = ClientId("telegram:77")


def talk_of(*cabinets: str, unverified: tuple[str, ...] = ()) -> Conversation:
    """A client with an open request of the last of these cabinets, whose card stands."""
    talk = opened()
    talk.policy = WITH_CABINET
    ticket = replace(talk.ticket, cabinet=cabinets[-1] if cabinets else None, earlier=4)
    talk.client = replace(
        talk.client,
        cabinets=cabinets,
        cabinet=cabinets[-1] if cabinets else None,
        tickets=(ticket,),
        unverified=unverified,
    )
    return talk


def merged(name: str = "m", offered: tuple[str, ...] = ("222",), unverified: tuple[str, ...] = ()) -> PersonAmended:
    return PersonAmended(
        key=Key(f"{name}:77"), at=START, client=ME, change=Key(name), what="merged", among=(ME, OTHER), same=(OTHER,),
        offered=offered, unverified=unverified,
    )  # fmt: skip


def parted(name: str = "p") -> PersonAmended:
    return replace(merged(name, offered=()), same=(), what="taken out")


def taken(talk: Conversation, wrong: str, instead: str | None = None, name: str = "c") -> CabinetAmended:
    return CabinetAmended(
        key=Key(f"{name}:77"), at=START, client=ME, change=Key(name), what="wrong", among=(ME,), cabinet=wrong,
        instead=instead, tickets=tuple(each.id for each in talk.client.tickets),
    )  # fmt: skip


def back(talk: Conversation, change: str) -> AmendmentUndone:
    return AmendmentUndone(key=Key(f"undo {change}"), at=START, client=ME, change=Key(change))


def tells(talk: Conversation, event: Event) -> list[HistoryChanged]:
    decision = decide(talk.client, event, talk.policy)
    return [each for each in decision.tells if isinstance(each, HistoryChanged)]


def same_person(one: Client, other: Client) -> bool:
    return (one.cabinets, one.cabinet, one.unverified, one.shared, one.same, one.amended) == (
        other.cabinets, other.cabinet, other.unverified, other.shared, other.same, other.amended,
    )  # fmt: skip


def test_a_merged_chat_is_offered_the_other_ones_cabinets_and_keeps_its_own_choice() -> None:
    talk = talk_of("111")
    assert [each.tickets for each in tells(talk, merged())] == [(talk.ticket.id,)]
    assert talk.feed(merged(offered=("222", "111"), unverified=("222",))) == ()
    client = talk.client
    assert (client.cabinets, client.cabinet, client.shared, client.same) == (("111", "222"), "111", ("222",), (OTHER,))
    assert client.unverified == ("222",)
    assert client.tickets == talk_of("111").client.tickets


def test_a_chat_without_a_cabinet_has_one_after_the_merge() -> None:
    talk = talk_of()
    talk.feed(merged())
    assert (talk.client.cabinet, talk.client.shared) == ("222", ("222",))


def test_a_chat_taken_out_keeps_what_was_its_own() -> None:
    talk = talk_of("111")
    talk.feed(merged())
    talk.client = replace(talk.client, cabinet="222")
    talk.feed(parted())
    client = talk.client
    assert (client.cabinets, client.cabinet, client.shared, client.same) == (("111",), "111", (), ())
    assert client.tickets[0].earlier == 0, "they were counted with somebody else's"


@pytest.mark.parametrize("unverified", [(), ("111",)])
def test_a_merge_and_its_undo_leave_everything_as_it_was(unverified: tuple[str, ...]) -> None:
    talk = talk_of("333", "111", unverified=unverified)
    before = talk.client
    talk.feed(merged())
    assert len(talk.client.amended) == 1
    assert talk.feed(back(talk, "m")) == ()
    assert talk.client == before


def test_the_undo_of_a_split_counts_the_earlier_ones_again() -> None:
    talk = talk_of("111")
    talk.feed(merged())
    before = talk.client
    talk.feed(parted())
    talk.feed(back(talk, "p"))
    assert talk.client == before


def test_a_wrong_cabinet_leaves_client_request_and_card() -> None:
    talk = talk_of("333", "111", unverified=("111",))
    effects = talk.feed(taken(talk, "111"))
    client = talk.client
    assert (client.cabinets, client.cabinet, client.unverified) == (("333",), "333", ())
    assert client.tickets[0].cabinet is None
    assert only(effects, RemoveTag).name == "каб. 111"
    assert every(effects, AddTag) == []
    assert only(effects, SetFacts).facts == {"cabinet": "", "verified": ""}
    note = only(effects, AddComment)
    assert note.internal
    assert "111" in note.sections[0].text.plain
    assert not [each for each in effects if isinstance(each, ChatEffect)]


def test_another_cabinet_takes_the_place_of_the_wrong_one_and_the_undo_puts_it_back() -> None:
    talk = talk_of("111", "333")
    talk.client = replace(talk.client, tickets=(replace(talk.ticket, cabinet="111"),), cabinet="111")
    before = talk.client
    effects = talk.feed(taken(talk, "111", "444"))
    assert (talk.client.cabinets, talk.client.cabinet) == (("444", "333"), "444")
    assert (only(effects, RemoveTag).name, only(effects, AddTag).name) == ("каб. 111", "каб. 444")
    assert only(effects, SetFacts).facts["cabinet"] == "444"
    effects = talk.feed(back(talk, "c"))
    assert (only(effects, RemoveTag).name, only(effects, AddTag).name) == ("каб. 444", "каб. 111")
    assert not [each for each in effects if isinstance(each, ChatEffect)]
    assert same_person(talk.client, before)
    assert [(each.cabinet, each.earlier) for each in talk.client.tickets] == [("111", 4)]


def test_what_the_client_did_since_survives_the_undo() -> None:
    talk = talk_of("111")
    talk.feed(merged(offered=("222", "333")))
    # They dropped one they had been given, added one, and use that.
    talk.client = replace(talk.client, cabinets=("111", "333", "555"), shared=("333",), cabinet="555")
    talk.feed(back(talk, "m"))
    assert (talk.client.cabinets, talk.client.cabinet, talk.client.shared) == (("111", "555"), "555", ())


def test_only_the_last_change_is_undone() -> None:
    talk = talk_of("111")
    talk.feed(merged("m"))
    talk.feed(taken(talk, "222", name="c"))
    before = talk.client
    assert talk.feed(back(talk, "m")) == ()
    assert talk.client == before


def test_a_closed_request_loses_the_cabinet_and_its_card_stays_as_it_is() -> None:
    talk = talk_of("111")
    talk.see("c-done")
    effects = talk.feed(taken(talk, "111"))
    assert talk.client.tickets[0].cabinet is None
    assert effects == ()


def test_so_many_changes_are_remembered() -> None:
    talk = talk_of("111")
    for number in range(AMENDMENTS + 3):
        talk.feed(merged(str(number)))
    assert [each.key for each in talk.client.amended] == [str(number) for number in range(3, AMENDMENTS + 3)]


def test_a_change_taken_back_leaves_what_came_and_went_since() -> None:
    assert undone(("a", "b"), ("a", "b", "c"), ("a", "b", "c")) == ("a", "b")
    assert undone(("a", "b"), ("b",), ("b",)) == ("a", "b")
    assert undone(("a", "b"), ("b", "c"), ("c", "d")) == ("a", "d")
    assert undone((), (), ()) == ()
    assert TicketId("x") not in undone(("x",), ("x",), ())
