"""What the bars share: how long they are held."""

from __future__ import annotations

import pytest


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> int:
    """How many times as long as usual: `--soak N`."""
    return max(1, int(request.config.getoption("--soak")))
