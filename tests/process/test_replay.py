"""A day in the journal is decided anew: the same slice gives the same, another mapping shows what would differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.process.company import Company
from tests.process.test_forget import _live


def _replayed(company: Company, *more: str) -> dict[str, Any]:
    ended = company.command("replay", "--json", *more)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    data: dict[str, Any] = json.loads(ended.stdout)["data"]
    return data


def test_the_same_slice_gives_the_same_hash_and_what_happened(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with Company(folder=tmp_path, webhook=False, kaiten_options={"rate_limit": 60}) as company:
        company.start()
        _live(company)
        # Beyond the end of the journal the clock goes on: promises would slip, and be told.
        end = f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
        first = _replayed(company, "--to", end)
        again = _replayed(company, "--to", end)
        assert first["hash"] == again["hash"]
        assert (first["raised"], first["unreadable"]) == ([], 0)
        assert first["differences"] == []
        assert sum(first["orders"].values()) == first["remembered"] > 40
        tell(
            f"replay: {first['events']} events, {first['remembered']} orders beside the running daemon: "
            "0 differences, the same hash twice"
        )

        changed = company.mapping.read_text(encoding="utf-8").replace("tag: Кабинет {cabinet}", "tag: Счёт {cabinet}")
        (tmp_path / "other.yaml").write_text(changed, encoding="utf-8")
        for name in ("pictures",):
            (tmp_path / name).symlink_to(company.mapping.parent / name)
        other = _replayed(company, "--to", end, "--mapping", str(tmp_path / "other.yaml"))
        assert other["hash"] != first["hash"]
        assert {each["kind"] for each in other["differences"]} == {"AddTag"}
        assert len(other["differences"]) == 3
        later = _replayed(company, "--from", end, "--to", f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}")
        assert (later["events"], later["before"], later["remembered"]) == (0, first["events"], 0)
        assert later["orders"]["SendMessage"] >= 2, "promises that slip are told"
