"""The figures a monitoring system collects from a daemon; what each one means stands beside its name."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from connector.domain.effects import Urgency

SIDES = ("chat", "board", "registry")
"""The sides orders go out to."""
CLASSES = {urgency: urgency.name.lower() for urgency in Urgency}
"""Traffic classes as their label says them."""

_SOON = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds: of what people wait for, from at once to half an hour."""


# https://prometheus.io/docs/practices/naming/
class Metrics:
    """Names by Prometheus' conventions; labels are bounded (sides, kinds, classes, topics), never people or cards.

    Gauges of what several daemons share (queues, lag, requests) are the same at each of them: take the largest, never
    the sum. Counters and histograms are each daemon's own: sum them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        # What came in
        self.events = self._counter("connector_events_total", "Events written to the journal.", "side")
        self.duplicates = self._counter("connector_duplicates_total", "Arrivals known already.", "side")
        self.aside = self._counter("connector_set_aside_total", "Arrivals or events kept aside.", "why")
        # What went out
        self.orders = self._counter("connector_orders_total", "Orders ended.", "kind", "outcome")
        self.retries = self._counter("connector_retries_total", "Orders put back to be tried again.", "side")
        self.dead = self._counter("connector_dead_letters_total", "Orders given up for good.", "side")
        self.refusals = self._counter("connector_rate_limited_total", "Answers 429.", "side")
        self.replies = self._counter(
            "connector_replies_total", "Messages of agents' answers: delivered, or why they never will be.", "result"
        )
        self.ratings = self._counter("connector_ratings_total", "Marks clients gave.", "mark")
        self.hooks = self._counter("connector_webhook_requests_total", "Requests to the webhooks.", "side", "status")
        # What differed on the board
        self.drift_found = self._counter("connector_drift_found_total", "Differences found on cards.", "kind")
        self.drift_fixed = self._counter("connector_drift_fixed_total", "Differences mended.", "kind")
        # How it stands
        self.side_up = self._gauge("connector_side_up", "1 while the side answers, 0 while it does not.", "side")
        self.side_age = self._gauge(
            "connector_side_last_answer_age_seconds", "Seconds since the side last answered; -1 before that.", "side"
        )
        self.queue = self._gauge("connector_queue_lanes", "Queues with work that is due.", "side")
        self.waiting = self._gauge("connector_queue_orders", "Orders not over yet, by class.", "side", "class")
        self.oldest = self._gauge(
            "connector_queue_oldest_age_seconds", "Age of the oldest order that is not over, by class.", "side", "class"
        )
        self.undecided = self._gauge("connector_journal_lag_events", "Events nobody has decided on yet.")
        self.lag = self._gauge("connector_journal_lag_seconds", "Age of the oldest event nobody has decided on.")
        self.unanswered = self._gauge(
            "connector_unanswered_requests", "Open requests whose client spoke last, by topic.", "topic"
        )
        self.sla = self._gauge(
            "connector_sla_requests", "Open requests by the worst of their clocks: at_risk, breached.", "state"
        )
        self.agreements = self._gauge(
            "connector_agreement_verdicts",
            "Requests that kept or broke an agreement of the mapping, since the beginning.",
            "agreement",
            "outcome",
        )
        self.agreed = self._gauge(
            "connector_agreement_share", "The share of requests by which an agreement is to be kept.", "agreement"
        )
        self.pending = self._gauge("connector_webhook_pending_updates", "Updates Telegram could not push to us yet.")
        self.budget = self._gauge("connector_rate_budget_left_calls", "Calls that could be made right now.", "side")
        # How long it takes
        self.acknowledged = self._times("connector_update_to_acknowledge_seconds", "Update stored to receipt sent.")
        self.carded = self._times("connector_update_to_card_seconds", "Update stored to its words on the card.")
        self.replied = self._times("connector_comment_to_client_seconds", "Comment stored (or let go) to chat.")
        self.calls = self._times("connector_api_call_seconds", "Time of a call to a remote API.", "side", "call")
        self.perform = self._times(
            "connector_perform_seconds", "Time an order took, waits for its turn included.", "kind"
        )
        self.turn = self._times("connector_turn_seconds", "Time one transaction of decisions took.")
        for side in SIDES:
            for counter in (self.retries, self.dead, self.refusals):
                counter.labels(side)

    def _counter(self, name: str, means: str, *labels: str) -> Counter:
        return Counter(name, means, labels, registry=self.registry)

    def _gauge(self, name: str, means: str, *labels: str) -> Gauge:
        return Gauge(name, means, labels, registry=self.registry)

    def _times(self, name: str, means: str, *labels: str) -> Histogram:
        return Histogram(name, means, labels, registry=self.registry, buckets=_SOON)

    def observer(self, side: str) -> Callable[[str, float], None]:
        """What an adapter tells each of its calls to: the call by its bounded name, and its seconds."""
        return lambda call, seconds: self.calls.labels(side, call).observe(seconds)
