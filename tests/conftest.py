"""What tests everywhere may ask for: databases of both kinds and a browser."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from bench.postgres import CannotStart
from tests.postgres import fresh_database, running_server
from tests.secret_scan import leaks, told

# How long an example takes says nothing on a shared machine; the test's own timeout guards against hanging.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much chance is played through; the defaults fit the everyday run."""
    parser.addoption("--weather", type=int, default=500, help="seeds of the simulated weather (default 500)")
    parser.addoption("--weather-postgres", type=int, default=10, help="seeds of it on PostgreSQL (default 10)")
    parser.addoption("--rules", type=int, default=0, help="seeds played without each rule; 0: until one ends badly")
    parser.addoption("--outbox", type=int, default=200, help="examples of 50 steps of the outbox against its model")
    parser.addoption("--months", type=int, default=1, help="1,221 requests of a simulated month, so many times over")
    parser.addoption("--two-ways", type=int, default=10, help="stories of both sides at the real daemon (default 10)")
    parser.addoption("--kills", type=int, default=20, help="how often the real daemon is killed (default 20)")
    parser.addoption("--image", action="store_true", help="build the image and see it and the compose files run")
    parser.addoption(
        "--unit", action="store_true", help="with --image: boot systemd in a container and see the unit run"
    )
    parser.addoption("--soak", type=int, default=1, help="the bars in tests/bars are held so many times as long")


pytest_plugins = ["pytester"]

ON_THE_CLOCK = ("bars", "bench")
"""Rooms whose tests watch the clock: all of them one after the other, also when the rest runs side by side."""
IN_A_ROW = ("process", "sandbox", "commands")
"""Rooms whose tests start processes, which mostly wait: file by file, each in a row of its own."""


@pytest.hookimpl(tryfirst=True)  # before the marks are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs PostgreSQL, so that `-m "not postgres"` leaves it out; keep what uses sockets in one row."""
    here = Path(__file__).parent
    for item in items:
        room = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        if room in ON_THE_CLOCK:
            item.add_marker(pytest.mark.xdist_group("clock"))
        elif room in IN_A_ROW:
            item.add_marker(pytest.mark.xdist_group(f"{room}/{item.path.name}"))
        fixtures = getattr(item, "fixturenames", ())
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "postgres_url" in fixtures or parameters.get("database_url") == "postgresql":
            item.add_marker(pytest.mark.postgres)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """No token in anything a test's processes left behind or said: looked at when everything of it has ended."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    yield
    found = list(leaks(folder)) if isinstance(folder, Path) else []
    if item.path.name != "test_secret_scan.py":
        found += [f"{key} holds the token {each[:4]}…" for _, key, said in item._report_sections for each in told(said)]
    if found:
        pytest.fail("a secret was told: " + "; ".join(found), pytrace=False)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tells a proof's figures in one line at the end of the run, whether the test passes or not."""

    def _tell(figures: str) -> None:
        request.node.user_properties.append(("figures", figures))

    return _tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of all proofs together, wherever their tests ran."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    told = [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "figures"]
    if told:
        terminalreporter.section("figures")
    for figures in told:
        terminalreporter.write_line(f"  {figures}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """One PostgreSQL for the whole run: the directory of its socket. Where it cannot start, CI fails, others skip."""
    try:
        server = running_server()
        socket_directory = server.__enter__()
    except CannotStart as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL does not start here: {error}")
    try:
        yield socket_directory
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, dropped after the test."""
    with fresh_database(postgres_server, f"test_{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of an SQLite database whose file does not exist yet."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind in turn: a test that asks for it runs twice."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url = request.getfixturevalue(fixture)
    assert isinstance(url, str)
    return url


@pytest.fixture
def browser(tmp_path: Path) -> "Iterator[Chrome]":
    """A headless Chromium with an empty profile; skips, with the reason, where there is none."""
    from selenium import webdriver

    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("there is no chromium with chromedriver here (on Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # no-sandbox: Chromium's sandbox refuses to run as root; dev-shm: containers have a small one.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--window-size=1440,900", f"--user-data-dir={tmp_path / 'profile'}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        yield driver
    finally:
        driver.quit()
