"""A card seen while nobody can tell what its column means is not forgotten."""

from dataclasses import replace

from connector.domain.decide.sightings import AGAIN
from connector.domain.effects import SendMessage
from connector.domain.ticket import Phase
from tests.domain.sample import POLICY, Conversation, every, opened, told


def _unreached() -> Conversation:
    talk = opened()
    talk.see("c-queue")
    talk.policy = replace(talk.policy, board=None)
    return talk


def _phase(talk: Conversation) -> Phase:
    return talk.ticket.phase


def test_a_card_seen_before_the_board_is_reached_is_read_once_it_is() -> None:
    talk = _unreached()
    assert talk.see("c-work") == ()
    assert _phase(talk) is Phase.QUEUE
    talk.policy = replace(talk.policy, board=POLICY.board)
    talk.later(seconds=AGAIN.total_seconds())
    assert "Взяли в работу" in told(talk.wake())
    assert _phase(talk) is Phase.WORK
    assert talk.ticket.sighted is None


def test_while_the_board_is_away_it_is_only_put_off() -> None:
    talk = _unreached()
    talk.see("c-work")
    assert talk.wake_at == talk.now + AGAIN
    talk.later(seconds=AGAIN.total_seconds())
    assert talk.wake() == ()
    assert talk.wake_at == talk.now + AGAIN


def test_a_later_look_at_the_card_counts_more() -> None:
    talk = _unreached()
    talk.see("c-work")
    talk.policy = replace(talk.policy, board=POLICY.board)
    talk.see("c-wait")
    talk.later(seconds=AGAIN.total_seconds())
    assert every(talk.wake(), SendMessage) == []
    assert _phase(talk) is Phase.WAITING


def test_a_card_that_is_gone_needs_no_column() -> None:
    talk = _unreached()
    talk.see("c-work")
    talk.see("c-work", gone=True)
    assert talk.ticket.lost
    talk.policy = replace(talk.policy, board=POLICY.board)
    talk.later(seconds=AGAIN.total_seconds())
    talk.wake()
    assert talk.ticket.lost
    assert talk.ticket.sighted is None
