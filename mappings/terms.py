"""Service classes, calendars and the rules of clocks, as the policy has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connector.domain.terms import Hours, Reopened, ServiceClass, SlaRule, SpecialTerms, Terms
from mappings.check_hours import USUAL, calendar_name, week_of
from mappings.clock import Length
from mappings.public_holidays import public_holidays
from mappings.scalars import per_language
from mappings.schema import Content
from mappings.schema_clock import Hours as Said
from mappings.schema_clock import Targets
from mappings.topics import below

YEARS_BEFORE, YEARS_AHEAD = 1, 3
"""How many years of public holidays a policy knows besides the running one; a daemon is restarted within them."""


def calendars(content: Content, today: date) -> dict[str, Hours]:
    """Every calendar by its name. Public holidays are known for the year of `today` and a few around it."""
    found = {USUAL: content.hours} if content.hours is not None else {}
    found |= {name.strip(): said for name, said in content.calendars.items()}
    return {name: _calendar(said, today) for name, said in found.items()}


def _calendar(hours: Said, today: date) -> Hours:
    years = range(today.year - YEARS_BEFORE, today.year + YEARS_AHEAD + 1)
    holidays = frozenset[date]() if hours.country is None else public_holidays(hours.country, years)
    extra = frozenset(hours.working)
    closed = (holidays | frozenset(hours.closed)) - extra
    return Hours(zone=ZoneInfo(hours.zone), week=week_of(hours), closed=closed, extra=extra)


def service_class(content: Content, key: str, known: Mapping[str, Hours]) -> ServiceClass:
    """The class of that key, with its special terms made whole."""
    entry = content.classes[key]
    usual = _terms(entry, None, known)
    return ServiceClass(
        key=key,
        title=per_language(entry.title, content.languages),
        first_reply=usual.first_reply,
        next_reply=usual.next_reply,
        resolution=usual.resolution,
        hours=usual.hours,
        board_sla=entry.board_sla.strip().lower() if entry.board_sla is not None else None,
        special=tuple(
            SpecialTerms(
                terms=_terms(special, entry, known),
                topics=frozenset(name for each in special.topics for name in below(content, str(each).strip())),
                cabinets=frozenset(str(each).strip() for each in special.cabinets),
                clients=frozenset(str(each).strip() for each in special.clients),
            )
            for special in entry.special
        ),
    )


def _terms(targets: Targets, among: Targets | None, known: Mapping[str, Hours]) -> Terms:
    name = calendar_name(targets, among)
    hours = known.get(name) if name is not None else None

    def lasting(own: Length | None, general: Length | None) -> timedelta | None:
        length = own if own is not None else general
        if length is None:
            return None
        return length.calendar if hours is None else length.working(hours.week)

    return Terms(
        first_reply=lasting(targets.first_reply, among.first_reply if among else None),
        next_reply=lasting(targets.next_reply, among.next_reply if among else None),
        resolution=lasting(targets.resolution, among.resolution if among else None),
        hours=hours,
    )


def sla_rule(content: Content) -> SlaRule:
    """How clocks run besides the targets, and which tags tell of them."""
    sla = content.sla

    def tag(name: str | None) -> str | None:
        return None if name is None else name.strip()

    return SlaRule(
        at_risk=sla.at_risk / 100,
        reopened=Reopened(sla.reopened),
        class_tag=tag(sla.tags.class_),
        first_reply_late=tag(sla.tags.first_reply_late),
        at_risk_tag=tag(sla.tags.at_risk),
        breached_tag=tag(sla.tags.breached),
    )


def clock_tags(content: Content) -> tuple[str, ...]:
    """The tags that name the class: they are meant, though the board may not have all of them yet."""
    template = content.sla.tags.class_
    if template is None:
        return ()
    titles = {title for entry in content.classes.values() for title in entry.title.values()}
    return tuple(template.strip().replace("{class}", title) for title in sorted(titles))
