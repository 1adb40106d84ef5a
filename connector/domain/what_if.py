"""What clocks would have shown under other terms: the same words and deeds, other hours, targets and lanes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connector.domain import clock
from connector.domain.clock import Measure, State
from connector.domain.policy import Policy
from connector.domain.ticket import Stamp, Ticket

BY_CLASS, BY_TOPIC = "class", "topic"


def under(now: Policy, other: Policy) -> Policy:
    """The policy in force with only the clocks' part of another: classes, calendars, lanes, columns that pause, rules.

    A topic that the other does not have keeps its class.
    """
    begins = {topic.key: topic.service_class for topic in other.topics}
    board, elsewhere = now.board, other.board
    if board is not None and elsewhere is not None:
        board = replace(board, lanes=elsewhere.lanes, classes=elsewhere.classes, pausing=elsewhere.pausing)
    return replace(
        now,
        classes=other.classes,
        calendars=other.calendars,
        sla=other.sla,
        topics=tuple(replace(topic, service_class=begins.get(topic.key, topic.service_class)) for topic in now.topics),
        board=board,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the clocks of one request stood at the end: how many of each measure were breached."""

    ticket: Ticket
    breached: Mapping[Measure, int]


def outcome(ticket: Ticket, stamps: tuple[Stamp, ...], policy: Policy, at: datetime) -> Outcome:
    """Read at that moment, or at any later one once the request is closed."""
    rule = policy.sla
    found = clock.read(stamps, clock.owed(policy, ticket), at, reopened=rule.reopened, at_risk=rule.at_risk)
    late = Counter(each.measure for each in found if each.state is State.BREACHED)
    return Outcome(ticket=ticket, breached={measure: late[measure] for measure in Measure})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of the breaches of one class, or of one topic, as it is now."""

    by: str
    key: str
    requests: int
    before: Mapping[Measure, int]
    after: Mapping[Measure, int]


def changes(pairs: Iterable[tuple[Outcome, Outcome]]) -> tuple[Change, ...]:
    """The same requests now and under the other terms, summed by class and by topic, in the order of their keys."""
    sums: dict[tuple[str, str], tuple[int, Counter[Measure], Counter[Measure]]] = {}
    for now, then in pairs:
        for group in ((BY_CLASS, now.ticket.service_class), (BY_TOPIC, now.ticket.topic)):
            count, before, after = sums.get(group, (0, Counter(), Counter()))
            before.update(now.breached)
            after.update(then.breached)
            sums[group] = (count + 1, before, after)
    return tuple(
        Change(
            by=by, key=key, requests=count, before={each: before[each] for each in Measure},
            after={each: after[each] for each in Measure},
        )
        for (by, key), (count, before, after) in sorted(sums.items())
    )  # fmt: skip
