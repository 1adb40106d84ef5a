"""What a monitoring system collects from the real daemon, and the ready dashboard beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.process.company import ROOT, Company, stop
from tests.process.script import Agent, Hears, Says, Scene

DASHBOARD = ROOT / "docs" / "grafana" / "connector.json"
_NAME = re.compile(r"\b(?:connector|process)_[a-z_]+\b")
_BY = re.compile(r"by \(([^)]*)\)")


def _scraped(company: Company) -> dict[str, Metric]:
    page = httpx.get(f"http://127.0.0.1:{company.web_port}/metrics").text
    return {family.name: family for family in text_string_to_metric_families(page)}


def _queries() -> Iterator[str]:
    board: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def _family(name: str, families: dict[str, Metric]) -> Metric | None:
    for ending in ("", "_total", "_bucket", "_sum", "_count"):
        if name.endswith(ending) and (found := families.get(name.removesuffix(ending))):
            return found
    return None


def test_the_figures_tell_what_happened_and_every_query_of_the_dashboard_names_one_of_them(tmp_path: Path) -> None:
    with Company(folder=tmp_path) as company:
        daemon = company.start()
        scene = Scene(company, chat=810_777)
        company.register(scene.chat, "123456")
        scene.play(Says("Касса не печатает чек"))
        company.until("the card", scene.cards)
        scene.play(Says("Уже час"), Agent("Посмотрим сегодня"), Hears("Посмотрим сегодня"))
        company.until("the gauges", lambda: _scraped(company)["connector_unanswered_requests"].samples, 10)
        company.until("the clocks", lambda: len(_scraped(company)["connector_sla_requests"].samples) == 2, 10)
        families = _scraped(company)
        said = company.log()
        assert stop(daemon) == 0

    unknown = [name for query in _queries() for name in _NAME.findall(query) if _family(name, families) is None]
    assert unknown == []
    assert len(list(_queries())) > 20
    grouped = {label.strip() for query in _queries() for group in _BY.findall(query) for label in group.split(",")}
    labels = {label for family in families.values() for each in family.samples for label in each.labels}
    assert grouped <= labels | {"le", "instance", "result", "mark", "why", "status"}

    def total(name: str, **labels: str) -> float:
        found = (each for each in families[name].samples if not each.name.endswith(("_bucket", "_sum", "_created")))
        return sum(each.value for each in found if labels.items() <= each.labels.items())

    assert total("connector_events", side="chat") >= 4
    assert total("connector_replies", result="delivered") == 1
    assert total("connector_update_to_card_seconds") == 2
    assert total("connector_update_to_acknowledge_seconds") >= 4
    assert total("connector_comment_to_client_seconds") == 1
    assert total("connector_side_up", side="board") == 1
    assert total("connector_dead_letters") == 0
    calls = {each.labels["call"] for each in families["connector_api_call_seconds"].samples}
    assert {"sendMessage", "POST /cards", "POST /cards/{id}/comments"} <= calls
    assert not [call for call in calls if re.search(r"\d", call)]
    # Names by the conventions: counters end in _total, times are seconds, nobody is named in a label.
    values = {value for family in families.values() for each in family.samples for value in each.labels.values()}
    assert str(scene.chat) not in values
    assert "123456" not in values
    assert all(family.documentation for family in families.values())
    assert '"level":"error"' not in said.replace(" ", "")
