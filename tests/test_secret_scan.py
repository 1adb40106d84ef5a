"""The scan for tokens finds what is planted."""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.secret_scan import BOARD_TOKEN, TELEGRAM_TOKEN, USED, leaks, told


@pytest.mark.parametrize("secret", USED)
@pytest.mark.parametrize("name", ["daemon.log", "connector.db", "deep/er/command.out"])
def test_a_token_planted_in_a_file_is_found(tmp_path: Path, name: str, secret: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x00\xff before\n" + secret.encode() + b" after")
    assert any(found.startswith(path.name) for found in leaks(tmp_path))
    path.unlink()


def test_an_address_does_not_hide_it() -> None:
    assert TELEGRAM_TOKEN in told(f"GET /bot{quote(TELEGRAM_TOKEN, safe='')}/getMe")
    assert told("nothing to see: bot***") == []


def test_a_whole_run_fails_when_a_daemon_says_its_token(pytester: pytest.Pytester) -> None:
    hook = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    assert "leaks(" in hook
    pytester.makeconftest("from tests.conftest import pytest_runtest_teardown  # noqa: F401")
    pytester.makepyfile(
        f"""
        def test_quiet(tmp_path):
            (tmp_path / "daemon.log").write_text("all is well")
        def test_blabs(tmp_path):
            (tmp_path / "daemon.log").write_text("the token is {BOARD_TOKEN}")
        def test_says():
            print("GET /bot{TELEGRAM_TOKEN}/getMe")
        """
    )
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")
    outcome.assert_outcomes(passed=3, errors=2)
