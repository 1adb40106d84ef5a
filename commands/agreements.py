"""How the promises of the mapping were kept, day by day or week by week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from commands.answer import answer
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all


class Period(StrEnum):
    """What is counted together."""

    DAY = "day"
    WEEK = "week"


def agreements(
    by: Annotated[Period, typer.Option("--by", help="day or week")] = Period.WEEK,
    days: Annotated[int, typer.Option("--days", min=1, help="How far back.")] = 90,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how the agreements of the mapping were kept: by how many requests, and whether that is the promised share.

    A request counts on the day its verdict was known: it was answered (or ended) in time, or the time ran out. Days are
    those of the zone of `hours`. An agreement counts from the moment it stands in the mapping.
    """
    from connector.store.verdicts import history

    settings, loaded = load_all(config, as_json=as_json)
    policy = loaded.policy()
    usual = policy.calendars.get("hours")
    zone = usual.zone if usual is not None else UTC
    with visit(settings, as_json=as_json) as there:
        found = there.do(
            lambda connection, now: history(
                connection,
                datetime.fromtimestamp(now, UTC) - timedelta(days=days),
                datetime.fromtimestamp(now, UTC) + timedelta(seconds=1),
                zone,
                weekly=by is Period.WEEK,
            )
        )
    known = policy.agreements
    if as_json:
        rows = [
            {
                "agreement": each.agreement, "begins": each.begins, "kept": each.kept, "broken": each.broken,
                "share": each.share,
                "promised": known[each.agreement].share if each.agreement in known else None,
            }
            for each in found
        ]  # fmt: skip
        answer({"by": by.value, "agreements": rows})
        return
    for key in [*known, *sorted({each.agreement for each in found} - set(known))]:
        promised = f", promised {known[key].share:.0%}" if key in known else ", no longer in the mapping"
        print(f"{key}: {known[key].title if key in known else '?'}{promised}")
        mine = [each for each in found if each.agreement == key]
        for each in mine:
            missed = key in known and each.share < known[key].share
            counts = f"{each.kept} of {each.kept + each.broken} kept"
            print(f"  {each.begins:%Y-%m-%d}  {each.share:7.1%}  {counts}{'  below the promise' if missed else ''}")
        if not mine:
            print("  no request has counted yet")
    if not known and not found:
        print("The mapping has no `agreements`.")
