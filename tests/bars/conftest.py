"""What the bars share: how long they are held, and how their figures are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> int:
    """How many times as long as usual: `--soak N`."""
    return max(1, int(request.config.getoption("--soak")))


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a bar's figures in one line, whether the test passes or not."""

    def _tell(figures: str) -> None:
        with capsys.disabled():
            print(f"\n  {figures}", flush=True)

    return _tell
