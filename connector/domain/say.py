"""What the bot can say: the name of every text with its placeholders, and the text in a client's own language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from connector.domain.policy import Policy, Texts


def _texts(**names: str) -> Mapping[str, frozenset[str]]:
    return {name.replace("__", "."): frozenset(allowed.split()) for name, allowed in names.items()}


TEXTS: Mapping[str, frozenset[str]] = _texts(
    # the dialogue, in the client's language
    greeting="",
    help="",
    language__name="",
    language__changed="",
    command__new="",
    command__requests="",
    command__profile="",
    command__help="",
    menu__requests="",
    menu__profile="",
    menu__new="",
    cabinet__ask="",
    cabinet__kept="",
    cabinet__add="",
    cabinet__saved="cabinet",
    cabinet__wrong="cabinet",
    cabinet__checking="cabinet",
    cabinet__unknown="cabinet",
    cabinet__unverified="cabinet",
    contact__ask="",
    contact__thanks="phone",
    contact__foreign="",
    topic__ask="",
    topic__kept="",
    topic__chosen="topic",
    topic__group="group",
    topic__cabinet="cabinet",
    words__ask="topic",
    words__cancelled="",
    unfinished__cabinet="",
    unfinished__topic="",
    unfinished__opened="number topic",
    choose__ask="",
    choose__guessed="number subject",
    ticket__opened="number topic",
    ticket__resolve_by="until",
    ticket__reply_by="until",
    ticket__received="number",
    ticket__reopened="number subject",
    ticket__off_hours="until",
    ticket__holiday="until",
    ticket__withdrawn="number subject",
    ticket__helped="number subject",
    ticket__failed="",
    ticket__split="number topic source",
    ticket__merged="number target subject",
    promise__slipping="number subject",
    promise__later="number subject until",
    when__today="time zone",
    when__tomorrow="time zone",
    when__date="date time zone",
    status__queue="number subject",
    status__work="number subject",
    status__waiting="number subject",
    status__done="number subject",
    status__reopened="number subject",
    requests__none="",
    requests__head="",
    requests__item="number subject status",
    requests__choose="",
    requests__topic="topic",
    requests__promise="until",
    requests__unread="count",
    requests__current="number subject",
    request__head="number subject",
    request__status="status",
    request__client="time text",
    request__agent="time text",
    withdraw__ask="number subject",
    phase__opening="",
    phase__queue="",
    phase__work="",
    phase__waiting="",
    phase__done="",
    profile__head="name",
    profile__cabinet="cabinet",
    profile__current="cabinet",
    profile__none="",
    profile__choose="",
    profile__switched="cabinet",
    profile__dropped="cabinet",
    profile__left="",
    profile__forgotten="",
    profile__language="language",
    profile__phone="phone",
    profile__unverified="",
    profile__silent="",
    leave__ask="",
    silent__on="",
    silent__off="",
    rating__ask="number subject",
    rating__thanks="mark",
    rating__why="",
    rating__heard="",
    rating__late="",
    button__ticket="number subject",
    button__add="",
    button__drop="cabinet",
    button__leave="",
    button__cancel="",
    button__back="",
    button__new="",
    button__language="language",
    button__contact="",
    button__withdraw="",
    button__helped="",
    button__sure="",
    button__keep="",
    button__silent="",
    button__quiet="",
    button__hear="",
    tap__gone="",
    tap__closed="number",
    file__unobtainable="name size limit",
    file__undeliverable="name size",
    back__undelivered="",
    reply__number="number",
    reply__agent="name",
    size__unknown="",
    size__b="value",
    size__kb="value",
    size__mb="value",
    size__gb="value",
    # the card, in the default language
    kind__photo="",
    kind__video="",
    kind__round_video="",
    kind__animation="",
    kind__audio="",
    kind__voice="",
    kind__sticker="",
    kind__document="",
    kind__location="",
    kind__contact="",
    card__client="name",
    card__username="username link",
    card__cabinet="cabinet",
    card__language="language",
    card__phone="phone",
    card__group="title",
    card__unverified="cabinet",
    fact__yes="",
    fact__no="",
    fact__sla_good="",
    fact__sla_risk="",
    fact__sla_breached="",
    fact__reply_waits="",
    fact__reply_good="",
    fact__reply_late="",
    card__number="number",
    card__topic="topic",
    card__untitled="number",
    card__edited="time",
    card__correction="",
    card__removed_words="",
    card__forwarded="name",
    card__location="coordinates",
    card__contact="name phone",
    card__own_contact="name phone",
    card__sticker="emoji",
    card__oddity="kind",
    card__unobtainable="name size",
    card__refused_file="name size",
    card__continuation="number subject",
    card__continued="number subject",
    card__former="card",
    card__people="people",
    card__history="",
    card__past="number subject topic since until outcome",
    card__past_open="number subject topic since",
    card__past_other="",
    card__cabinet_now="cabinet was",
    card__cabinet_off="was",
    card__past_answer="text",
    card__forgotten="",
    card__forgotten_title="number",
    card__past_more="count",
    card__incident="number subject",
    card__incident_how="word",
    card__incident_suspected="",
    card__incident_confirmed="",
    card__incident_dissolved="",
    card__incident_count="count open",
    card__incident_reached="count",
    card__incident_missed="numbers",
    card__incident_child="number client subject",
    card__incident_child_closed="number client subject",
    card__of_incident="number",
    outcome__done="",
    outcome__helped="",
    outcome__withdrawn="",
    outcome__silent="",
    outcome__merged="",
    note__withdrawn="",
    note__helped="",
    note__silent="",
    note__guessed="",
    note__unfinished="",
    note__rated="mark",
    note__rated_words="mark text",
    note__unverified="cabinet",
    note__blocked="",
    note__returned="",
    note__reply_failed="reason",
    note__reply_blocked="",
    note__file_too_big="name size limit",
    note__deadline_kept="title until",
    note__held_file="command",
    note__held_internal="command",
    note__held_secret="command",
    receipt__delivered="time count",
    receipt__incident="number text",
    receipt__failed="time reason",
    receipt__blocked="",
    receipt__tag_delivered="",
    receipt__tag_failed="",
    receipt__waiting="time",
    receipt__nothing="",
    receipt__tag_waiting="",
    note__reply_waits="",
    delay__words="",
    note__not_moved="reason",
    note__not_closed="reason",
    card__split="number subject card",
    note__merged="number subject card",
    note__incident_ask="count word",
    note__incident_waits="count",
    note__incident_nobody="",
    note__incident_apart="number",
    note__incident_solved="number",
    note__not_ordered="reason",
    note__nobody="",
    note__unheard="line",
    desk__linked_agent="name",
    desk__linked_team="name",
    desk__unlinked="",
    desk__bad_code="",
    desk__only_private="",
    desk__only_group="",
    desk__hint="",
    desk__as_client="",
    desk__back="",
    desk__stranger="",
    desk__queue="count",
    desk__queue_empty="",
    desk__more="count",
    desk__request="number subject topic service",
    desk__digest="count",
    desk__digest_done="",
    desk__button_take="",
    desk__button_take_number="number",
    desk__button_card="",
    desk__button_snooze="",
    desk__button_queue="",
    desk__hushed="name until",
    desk__taken="number",
    desk__taken_by="name",
    desk__yours="",
    desk__closed="",
    desk__no_board="",
    notice__untaken="request since",
    notice__first_reply="request since holder",
    notice__reply="request since holder",
    notice__resolution="request since holder",
    notice__promise="request since holder",
    notice__agreement="request since holder agreement",
    ended__taken="who time",
    ended__answered="who time",
    ended__closed="time",
    ended__moved="time",
    ended__over="time",
    order__rating="",
    order__norating="",
    order__yes="",
    order__no="",
    order__unknown="word nearest choices",
    order__edited="word",
    order__too_much="word words",
    order__no_such="name nearest choices",
    order__none_known="name",
    order__no_templates="",
    order__template_sent="name text",
    order__template_waits="name text",
    order__template_internal="name text",
    order__template_private="name text",
    order__template_preview="name text",
    order__no_history="",
    order__no_request="number choices",
    order__line_client="time text",
    order__line_note="time name text",
    order__line_agent="time text",
    order__sent="",
    order__nothing_held="",
    order__muted="",
    order__unmuted="",
    order__taken="name",
    order__assigned="name",
    order__not_on_board="name",
    order__no_name="",
    order__several="name choices",
    order__no_class="choices",
    order__class_already="title",
    order__classed="title until",
    order__no_topic="choices",
    order__topic_already="title",
    order__retopiced="title",
    order__closed="",
    order__closed_unrated="",
    order__closed_already="number",
    order__not_a_rating="words",
    order__merged="number subject card",
    order__no_number="choices",
    order__no_other="",
    order__not_open="number choices",
    order__same_request="number",
    order__split="number topic",
    order__yes_or_no="words",
    order__incident_already="",
    order__incident_over="",
    order__incident_confirmed="count",
    order__incident_dissolved="count",
    order__incident_left="number",
    order__no_incident="",
    order__only_no="number",
    order__not_of_incident="word",
    order__use_tpl="word",
    order__use_history="word",
    order__use_send="word",
    order__use_take="word",
    order__use_assign="word",
    order__use_class="word",
    order__use_topic="word",
    order__use_merge="word",
    order__use_split="word",
    order__use_close="word",
    order__use_mute="word",
    order__use_incident="word",
    reason__invalid="",
    reason__gone="",
    reason__blocked="",
    reason__too_big="",
    reason__forbidden="",
)
"""Every text by name, and the placeholders it may contain. Names are flat; a dot only groups them for the eye."""


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
