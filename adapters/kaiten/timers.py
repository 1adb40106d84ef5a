"""The board's own service timers of a card."""

from __future__ import annotations

from datetime import timedelta

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import entries, fields, word
from connector.domain.sheet import Timer


async def timers(trip: Trip, card: int) -> tuple[Timer, ...] | None:
    """What each rule has counted; None where the card has no timers: only requests of the Service Desk do.

    https://developers.kaiten.ru/cards
    """
    try:
        answer = fields(await trip.get(f"/cards/{card}/sla-rules-measurements")) or {}
    except Refused:
        return None
    found = []
    for row in entries(answer.get("rulesTimeData")):
        seconds = row.get("actual_time")
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
            counted = timedelta(seconds=float(seconds))
            found.append(Timer(rule=word(row.get("rule_id")), counted=counted, ended=bool(row.get("completed"))))
    return tuple(found)
