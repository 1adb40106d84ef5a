"""Every measure runs, on small numbers; what the figures are is for `connector bench` to say."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from bench import MEASURES, measure
from bench.bursts import busiest
from bench.figures import Figure, Result, percentile
from bench.place import Place
from bench.postgres import Server

MAPPING = Path(__file__).resolve().parents[2] / "mappings" / "support.example.yaml"


def small(folder: Path, postgres: Server | None = None) -> Place:
    return Place(
        daemon=[sys.executable, "-m", "cli", "run"], mapping=MAPPING, folder=folder, scale=0.01, postgres=postgres
    )


def finite(result: Result) -> bool:
    return bool(result.figures) and all(math.isfinite(figure.value) for figure in result.figures)


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_gives_finite_figures(name: str, tmp_path: Path) -> None:
    result = MEASURES[name](small(tmp_path))
    assert finite(result)
    assert json.dumps(result.raw)


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["throughput", "delay"])
def test_a_store_measure_takes_postgresql_too(name: str, tmp_path: Path, postgres_server: Path) -> None:
    result = MEASURES[name](small(tmp_path, Server(postgres_server)))
    assert finite(result)
    assert result.skipped == ()
    assert any(figure.name.startswith("PostgreSQL") for figure in result.figures)


def test_a_measure_there_is_not_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no measure speed; known: throughput"):
        measure(daemon=[], mapping=MAPPING, out=tmp_path / "bench.json", quick=True, only=["speed"])


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure(name="x", value=1.0), None),
        (Figure(name="x", value=1.0, at_most=1.0), True),
        (Figure(name="x", value=1.1, at_most=1.0), False),
        (Figure(name="x", value=0.9, at_least=1.0), False),
        (Figure(name="x", value=2.0, at_most=1.0, at_least=1.0), False),
        (Figure(name="x", value=math.nan, at_most=1.0), False),
    ],
)
def test_a_target_is_met_or_missed(figure: Figure, met: bool | None) -> None:
    assert figure.met is met


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile([4.0, 1.0, 3.0, 2.0], share) for share in (0.0, 0.5, 0.75, 0.99, 1.0)] == [1, 2, 3, 4, 4]


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    assert busiest([0.0, 0.9, 1.1, 1.2, 1.89, 3.0]) == 4
    assert busiest([]) == 0
