"""A text in a client's own language, with its placeholders filled: words, moments, sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from connector.domain.policy import Policy, Texts


def say(policy: Policy, language: str | None, name: str, /, **values: object) -> str:
    """The text `name` with its placeholders filled: in the language's exact tag, else its base, else the default.

    Raises LookupError when not even the default language has it; the mapping's check makes sure that it does.
    """
    template = phrase(policy.texts, policy, language, name)
    return template.format_map(values) if values else template.format()


def phrase(texts: Mapping[str, Texts], policy: Policy, language: str | None, name: str) -> str:
    """The template of that name from the first language of the chain that has it."""
    for tag in _chain(language, policy.default_language):
        found = texts.get(tag)
        if found is not None and name in found:
            return found[name]
    raise LookupError(f"no text {name!r} in the default language {policy.default_language!r}: add it to the texts")


def language_of(policy: Policy, tag: str | None) -> str | None:
    """The language of the texts that a tag means, by itself or by its base; None when the texts have none such."""
    return next((each for each in _chain(tag, "") if each in policy.texts), None)


def title(titles: Mapping[str, str], policy: Policy, language: str | None) -> str:
    """A title or hint that the mapping gives by language; any of them, sooner than none; empty when there is none."""
    for tag in _chain(language, policy.default_language):
        if tag in titles:
            return titles[tag]
    return next(iter(titles.values()), "")


def _chain(language: str | None, default: str) -> Iterator[str]:
    if language:
        yield language
        low = language.lower()
        if low != language:
            yield low
        if "-" in low or "_" in low:
            yield low.replace("_", "-").partition("-")[0]
    yield default


def moment(policy: Policy, language: str | None, at: datetime, seen_from: datetime, service_class: str) -> str:
    """A promised moment as people name it: today, tomorrow or by its date, in the zone of the class's hours."""
    found = policy.classes.get(service_class)
    zone = found.hours.zone if found and found.hours else UTC
    local, today = at.astimezone(zone), seen_from.astimezone(zone).date()
    name = {0: "today", 1: "tomorrow"}.get((local.date() - today) // timedelta(days=1), "date")
    values = {"time": f"{local:%H:%M}", "zone": local.tzname() or "UTC"}
    if name == "date":
        values["date"] = f"{local:%d.%m}"
    return say(policy, language, f"when.{name}", **values)


_UNITS = (("gb", 1024**3), ("mb", 1024**2), ("kb", 1024))


def size(policy: Policy, language: str | None, count: int | None) -> str:
    """So many bytes, as people say it: two digits that matter at most, units of 1024."""
    if count is None:
        return say(policy, language, "size.unknown")
    for unit, worth in _UNITS:
        # What would be rounded to 1024 of the smaller unit is 1 of this one.
        if count >= worth * 0.9995:
            value = count / worth
            shown = f"{value:.0f}" if value >= 10 or round(value, 1).is_integer() else f"{value:.1f}"
            return say(policy, language, f"size.{unit}", value=shown)
    return say(policy, language, "size.b", value=str(count))
