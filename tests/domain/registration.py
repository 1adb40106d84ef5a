"""Registered clients, and look-ups that end, for the tests of the domain."""

from collections.abc import Sequence
from dataclasses import replace

from connector.domain.effects import Effect, Verdict, VerifyCabinet
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.words import Contact, Words
from tests.domain.sample import CABINET, WITH_CABINET, Conversation, every, only

VERIFIED = replace(WITH_CABINET, cabinet=replace(CABINET, verified=True))
LENIENT = replace(WITH_CABINET, cabinet=replace(CABINET, verified=True, accept_unknown=True))
WITH_CONTACT = replace(WITH_CABINET, contact=True)
OWN = Words(contact=Contact(name="Иван", phone="+79001234567", own=True))


def verdict(talk: Conversation, effects: Sequence[Effect], said: Verdict) -> tuple[Effect, ...]:
    """The look-up ordered by these effects ends."""
    return talk.done(only(effects, VerifyCabinet), Ref(port="registry", id=said.value))


def registered(policy: Policy = WITH_CABINET) -> Conversation:
    """A client whose account id is 11111."""
    talk = Conversation(policy=policy)
    effects = talk.write("/start 11111")
    if every(effects, VerifyCabinet):
        verdict(talk, effects, Verdict.KNOWN)
    return talk
