"""The power goes: of everything acknowledged nothing is missing when it comes back."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from connector.store.database import open_database
from connector.store.tables import journal
from tests.bars.power_cut import Asked, Folder, read_record
from tests.bars.power_writer import key_of

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 2_000
CUTS = 40
DATABASE = "connector.db"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preloaded recorder, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler here (on Debian: apt-get install gcc libc6-dev)")
    if sys.platform != "linux":
        pytest.skip("the recorder is preloaded into a Linux process")
    library = tmp_path_factory.mktemp("shim") / "power_shim.so"
    source = Path(__file__).with_name("power_shim.c")
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(source), "-lpthread"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return library


def _recorded(shim: Path, home: Path, *, ending: str = "close", synchronous: str = "as it is") -> list[Asked]:
    """What the real store asked of its folder while events were ingested."""
    folder, record = home / "data", home / "record"
    folder.mkdir()
    subprocess.run(
        [
            sys.executable, "-m", "tests.bars.power_writer",
            f"sqlite:///{folder / DATABASE}", str(EVENTS), ending, synchronous,
        ],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim), "POWER_FOLDER": str(folder), "POWER_LOG": str(record)},
        check=True,
        timeout=120,
    )  # fmt: skip
    return read_record(record)


@dataclass(slots=True)
class Outcome:
    """What the cuts of one record did, summed up."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0

    def __str__(self) -> str:
        return f"{self.cuts} cuts, {self.acknowledged} acknowledged, lost {self.lost}, corrupt {self.corrupt}"


def _cut(record: list[Asked], home: Path, *, torn: bool, cuts: int, seed: int) -> Outcome:
    """Cuts the power at random points: some while the tables are made, the others while events are written."""
    chance = random.Random(seed)
    first = next(number for number, asked in enumerate(record) if asked.what == "A")
    early = max(1, cuts // 8)
    points = sorted(
        [chance.randrange(first + 1) for _ in range(early)]
        + [chance.randrange(first + 1, len(record) + 1) for _ in range(cuts - early)]
    )
    outcome, folder, played = Outcome(), Folder(), 0
    for point in points:
        for asked in record[played:point]:
            folder.play(asked)
        played = point
        left = folder.after_cut(chance if torn else None)
        place = home / f"after-{'torn-' if torn else ''}{outcome.cuts}"
        lost, corrupt = _looked_at(left, place, folder.acknowledged)
        outcome.cuts += 1
        outcome.acknowledged += len(folder.acknowledged)
        outcome.lost += lost
        outcome.corrupt += corrupt
        shutil.rmtree(place)
    return outcome


def _looked_at(left: dict[str, bytes], place: Path, acknowledged: list[int]) -> tuple[int, bool]:
    """Opens what is left as the daemon would: how many acknowledged events are missing, and whether it is corrupt."""
    place.mkdir()
    for name, content in left.items():
        (place / name).write_bytes(content)
    database = open_database(f"sqlite:///{place / DATABASE}")
    try:
        with database.engine.begin() as connection:
            verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            found = set(connection.execute(select(journal.c.key)).scalars())
    finally:
        database.close()
    return sum(key_of(number) not in found for number in acknowledged), list(verdict) != ["ok"]


def test_after_a_power_cut_every_acknowledged_event_is_there_and_the_database_is_sound(
    shim: Path, tmp_path: Path, soak: int, tell: Callable[[str], None]
) -> None:
    record = _recorded(shim, tmp_path)
    synced = _cut(record, tmp_path, torn=False, cuts=CUTS // 2 * soak, seed=1)
    torn = _cut(record, tmp_path, torn=True, cuts=CUTS // 2 * soak, seed=2)
    syncs = sum(asked.what == "S" for asked in record)
    tell(f"power cut, WAL FULL, {EVENTS} events in {syncs} syncs: only what was synced: {synced}; torn writes: {torn}")
    assert sum(asked.what == "W" and asked.name == DATABASE for asked in record) > 100, "no checkpoint was in the way"
    assert (synced.lost, synced.corrupt) == (0, 0)
    assert (torn.lost, torn.corrupt) == (0, 0)
    assert synced.acknowledged > 0
    assert torn.acknowledged > 0


def test_the_power_cut_would_show_acknowledged_events_lost_if_commits_were_not_synced(
    shim: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    record = _recorded(shim, tmp_path, synchronous="NORMAL")
    outcome = _cut(record, tmp_path, torn=False, cuts=CUTS // 2, seed=3)
    tell(f"power cut, the same under WAL NORMAL (not what the store does): {outcome}")
    assert outcome.lost > 0
    assert outcome.corrupt == 0


def test_the_record_of_the_power_cut_has_no_hole(shim: Path, tmp_path: Path) -> None:
    record = _recorded(shim, tmp_path, ending="cut")
    folder = Folder()
    for asked in record:
        folder.play(asked)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    real = {name: content for name, content in kept.items() if not name.endswith(("-shm", ".lock"))}
    assert set(real) == {DATABASE, f"{DATABASE}-wal"}
    assert folder.whole() == real
    assert len(folder.acknowledged) == EVENTS
