"""One running stand-in: the company and everything around it that a reset starts anew."""

import random
import time
from collections.abc import Callable, Mapping

import httpx

from sandbox.kaiten.calls import Call
from sandbox.kaiten.company import Clock, Company
from sandbox.kaiten.faults import Faults
from sandbox.kaiten.ratelimit import RateLimit
from sandbox.kaiten.seed import Seed, build
from sandbox.kaiten.settings import Settings, changed
from sandbox.kaiten.shapes import JsonObject
from sandbox.kaiten.stream import Stream
from sandbox.kaiten.webhooks import Courier


class StandIn:
    """What the routes and the middleware look at. A reset puts new things in the same places."""

    def __init__(
        self,
        *,
        seed: Seed,
        settings: Settings,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        base_url: str | None = None,
        webhook_transport: httpx.AsyncBaseTransport | None = None,
        random_seed: int = 0,
    ) -> None:
        self.base_url = base_url
        self.stream = Stream()
        self._seed = seed
        self._first_settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._webhook_transport = webhook_transport
        self._random_seed = random_seed
        self._start(seed)

    def _start(self, seed: Seed) -> None:
        company = Company(clock=self._clock, settings=self._first_settings, randomness=random.Random(self._random_seed))
        try:
            build(company, seed)
        except Exception:
            company.close()
            raise
        if self.base_url is not None:
            company.base_url = self.base_url
        company.index.start(company.cards.values())
        self.company = company
        self.courier = Courier(company, self._webhook_transport)
        self.calls: list[Call] = []
        self.faults = Faults()
        self.rate = RateLimit(self._monotonic)
        company.listeners = [self.courier.take, self.stream.take]

    def reset(self, seed: Seed | None = None) -> None:
        """Back to the seed, or to another one; a broken seed leaves everything as it was. Raises Problem 400."""
        former, courier = self.company, self.courier
        self._start(self._seed if seed is None else seed)
        self._seed = self._seed if seed is None else seed
        courier.stop()
        former.close()
        self.stream.tell("reset")

    def change_settings(self, patch: Mapping[str, object]) -> None:
        before = self.company.settings
        self.company.settings = changed(before, patch)
        if before.list_lag_seconds == 0 < self.company.settings.list_lag_seconds:
            self.company.index.start(self.company.cards.values())

    def owner(self, token: str) -> str | None:
        user = self.company.user_by_token(token)
        return None if user is None else user.name

    def state(self) -> JsonObject:
        company = self.company
        outcomes = [delivery.outcome for delivery in self.courier.deliveries]
        return {
            "company": company.name,
            "settings": company.settings.shape(),
            "users": [{"name": user.name, "id": user.id} for user in company.users.values()],
            "counts": {
                "cards": len(company.cards),
                "comments": len([c for c in company.comments.values() if not c.deleted]),
                "files": len([f for f in company.files.values() if not f.deleted]),
                "calls": len(self.calls),
                "changes": len(self.stream.changes),
            },
            "rate": {
                self.owner(token) or "unknown": {
                    "calls": bucket.calls,
                    "refused": bucket.refused,
                    "max_calls_in_any_window": bucket.max_calls_in_any_window,
                    "calls_inside_429_window": bucket.calls_while_asked_away,
                }
                for token, bucket in self.rate.buckets.items()
            },
            "webhooks": {
                "deliveries": len(outcomes),
                "pending": outcomes.count("pending"),
                "lost": outcomes.count("lost"),
                "failed": len([outcome for outcome in outcomes if outcome.startswith("failed")]),
            },
            "faults": [fault.shape() for fault in self.faults.waiting],
        }
