"""What happens because time has passed."""

from connector.domain.effects import AddComment
from connector.domain.events import TimePassed
from connector.domain.refs import Key
from tests.domain.sample import POLICY, every, message, opened, photo


def test_nothing_is_written_before_its_moment() -> None:
    talk = opened()
    talk.write("", files=(photo("0.jpg"),), album="al")
    due = talk.wake_at
    assert talk.feed(TimePassed(key=Key("tick"), at=talk.now, client=talk.client.id)) == ()
    assert talk.wake_at == due


def test_an_album_that_began_earlier_goes_with_one_that_is_due() -> None:
    talk = opened()
    talk.write("", files=(photo("a0.jpg"),), album="a", number="a0")
    talk.write("", files=(photo("b0.jpg"),), album="b", number="b0")
    talk.later(seconds=1)
    talk.write("", files=(photo("a1.jpg"),), album="a", number="a1")
    written = every(talk.wake(), AddComment)
    assert [each.key for each in written] == [f"say/{message('a0').key}", f"say/{message('b0').key}"]


def test_the_earliest_album_decides_when_to_look_again() -> None:
    talk = opened()
    begun = talk.now
    talk.write("", files=(photo("a0.jpg"),), album="a")
    talk.later(seconds=1)
    talk.write("", files=(photo("b0.jpg"),), album="b")
    assert talk.wake_at == begun + POLICY.album_wait
    talk.wake()
    assert talk.wake_at == begun + POLICY.album_wait + (talk.client.albums[0].parts[0].at - begun)
    talk.wake()
    assert talk.wake_at is None


def test_time_means_nothing_to_a_client_who_waits_for_none() -> None:
    talk = opened()
    before = talk.client
    assert talk.wake() == ()
    assert talk.client == before
