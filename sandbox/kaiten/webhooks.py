"""Outgoing webhooks: every event of a space is POSTed to its one address, unsigned and without a retry."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
from starlette.requests import Request

from sandbox.kaiten import schema, shapes
from sandbox.kaiten.company import Change, Company
from sandbox.kaiten.entities import ExternalWebhook, User
from sandbox.kaiten.http import api, json_body, path_number
from sandbox.kaiten.problems import bad_request, not_found, tariff
from sandbox.kaiten.shapes import JsonObject


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one address; ``outcome`` is pending, lost, failed, or the status of the receiver."""

    seq: int
    event: str
    url: str
    body: JsonObject
    at: datetime
    outcome: str = "pending"

    def shape(self) -> JsonObject:
        return {
            "seq": self.seq,
            "event": self.event,
            "url": self.url,
            "body": self.body,
            "at": shapes.instant(self.at),
            "outcome": self.outcome,
        }


class Courier:
    """Carries events out one after the other, in the background. The switches of the settings may lose, double,
    delay or swap them."""

    def __init__(self, company: Company, transport: httpx.AsyncBaseTransport | None) -> None:
        self._company = company
        self._transport = transport
        self._waiting: list[Delivery] = []
        self._worker: asyncio.Task[None] | None = None
        self.deliveries: list[Delivery] = []

    def take(self, change: Change) -> None:
        """Queues a change for the address of its space, if it has one that is enabled."""
        settings, randomness = self._company.settings, self._company.random
        for webhook in self._company.external_webhooks.values():
            if webhook.space_id != change.space_id or not webhook.enabled:
                continue
            copies = 2 if randomness.random() < settings.webhook_duplicates else 1
            lost = randomness.random() < settings.webhook_loss
            for _ in range(copies):
                delivery = Delivery(
                    seq=len(self.deliveries) + 1,
                    event=change.event,
                    url=webhook.url,
                    body={"event": change.event, "data": change.data},
                    at=change.at,
                    outcome="lost" if lost else "pending",
                )
                self.deliveries.append(delivery)
                if not lost:
                    self._waiting.append(delivery)
        if self._waiting and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._carry())

    async def idle(self) -> None:
        """Returns when everything queued so far has been tried."""
        if self._worker is not None:
            await self._worker

    def stop(self) -> None:
        self._waiting.clear()
        if self._worker is not None:
            self._worker.cancel()

    async def _carry(self) -> None:
        settings = self._company.settings
        async with httpx.AsyncClient(transport=self._transport, timeout=settings.webhook_timeout_seconds) as client:
            while self._waiting:
                settings = self._company.settings
                if settings.webhook_delay_seconds:
                    await asyncio.sleep(settings.webhook_delay_seconds)
                if settings.webhook_reorder:
                    await asyncio.sleep(settings.webhook_reorder_seconds)
                batch, self._waiting = self._waiting, []
                for delivery in reversed(batch) if settings.webhook_reorder else batch:
                    try:
                        answer = await client.post(delivery.url, json=delivery.body)
                    except httpx.HTTPError as broken:
                        delivery.outcome = f"failed: {type(broken).__name__}"
                    else:
                        delivery.outcome = str(answer.status_code)


def register(company: Company, space_id: int, url: str) -> ExternalWebhook:
    """At most one per space."""
    if any(webhook.space_id == space_id for webhook in company.external_webhooks.values()):
        raise bad_request("Space already has an external webhook")
    webhook = ExternalWebhook(id=company.next_id("external_webhook"), space_id=space_id, url=url)
    company.external_webhooks[webhook.id] = webhook
    return webhook


def _shape(webhook: ExternalWebhook) -> JsonObject:
    return {"id": webhook.id, "space_id": webhook.space_id, "url": webhook.url, "enabled": webhook.enabled}


FIELDS = {"url": schema.text(16384, shortest=1), "enabled": schema.boolean}


async def list_webhooks(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    return [_shape(webhook) for webhook in company.external_webhooks.values() if webhook.space_id == space.id]


async def create_webhook(company: Company, user: User, request: Request) -> object:
    """Active at once; `enabled` is not taken here."""
    space = company.space(path_number(request, "space_id"), user)
    if "external_webhooks" in company.settings.missing_features:
        raise tariff("external_webhooks")
    values = schema.read(await json_body(request), {"url": FIELDS["url"]}, "ExternalWebhook", "url")
    return _shape(register(company, space.id, str(values["url"])))


async def patch_webhook(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    webhook = company.external_webhooks.get(path_number(request, "webhook_id"))
    if webhook is None or webhook.space_id != space.id:
        raise not_found()
    values = schema.read(await json_body(request), FIELDS, "ExternalWebhook")
    webhook = replace(
        webhook,
        url=str(values.get("url", webhook.url)),
        enabled=bool(values.get("enabled", webhook.enabled)),
    )
    company.external_webhooks[webhook.id] = webhook
    return _shape(webhook)


ROOT = "/spaces/{space_id}/external-webhooks"
ROUTES = [
    api("GET", ROOT, list_webhooks),
    api("POST", ROOT, create_webhook),
    api("PATCH", ROOT + "/{webhook_id}", patch_webhook),
]
