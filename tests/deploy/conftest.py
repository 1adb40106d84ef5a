"""The engine and the image: only where they were asked for, for a build takes a while and a network."""

import uuid
from collections.abc import Iterator

import pytest

from tests.deploy.engine import Engine, NoEngine, find_engine
from tests.process.company import ROOT


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """Docker or podman; skips, with the reason, where it was not asked for or is not there."""
    if not request.config.getoption("--image"):
        pytest.skip("builds an image and runs it: give --image, with docker or podman at hand")
    try:
        return find_engine()
    except NoEngine as nobody:
        pytest.skip(f"no container engine: {nobody}")


@pytest.fixture(scope="session")
def image(engine: Engine) -> Iterator[str]:
    """The image of this checkout under a name of its own, removed at the end."""
    tag = f"connector-test:{uuid.uuid4().hex[:8]}"
    engine.build(tag, ROOT, ROOT / "deploy" / "Dockerfile")
    yield tag
    engine.run("rmi", "--force", tag)
