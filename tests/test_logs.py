"""Log lines: structured, readable, and without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from connector.engine.pulse import line, lines
from connector.logs import set_up


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_json_where_nobody_looks() -> None:
    stream = io.StringIO()
    set_up([], stream=stream)
    line(logging.INFO, "order", kind="AddComment", key="say/telegram:1/2/3", attempt=1, left_out=None)
    found = json.loads(stream.getvalue())
    assert found | {"at": ""} == {
        "at": "", "level": "info", "event": "order", "kind": "AddComment", "key": "say/telegram:1/2/3", "attempt": 1,
    }  # fmt: skip


@pytest.mark.parametrize("stream", [io.StringIO(), _Terminal()])
def test_each_of_many_facts_is_a_line_of_its_own(stream: io.StringIO) -> None:
    set_up(["42:secret"], stream=stream)
    lines(logging.INFO, "event", [{"key": "one", "left_out": None}, {"key": "two 42:secret"}])
    lines(logging.INFO, "event", [])
    first, second = stream.getvalue().splitlines()
    assert "one" in first
    assert "two ***" in second
    assert "left_out" not in first


def test_a_line_of_another_library_names_it() -> None:
    stream = io.StringIO()
    set_up([], stream=stream)
    logging.getLogger("other").warning("odd: %s", "thing")
    found = json.loads(stream.getvalue())
    assert (found["level"], found["event"], found["logger"]) == ("warning", "odd: thing", "other")


def test_a_line_is_key_value_on_a_terminal() -> None:
    stream = _Terminal()
    set_up([], stream=stream)
    line(logging.WARNING, "unavailable", side="board", reason="no answer")
    assert stream.getvalue().endswith('warning unavailable side=board reason="no answer"\n')


@pytest.mark.parametrize("stream", [io.StringIO(), _Terminal()])
def test_secrets_are_blotted_out_wherever_they_turn_up(stream: io.StringIO) -> None:
    set_up(["42:very-secret", "board-token"], stream=stream)
    line(logging.INFO, "x", reason="GET https://host/bot42:very-secret/getMe with board-token")
    logging.getLogger("other").warning("https://host/file/bot77%3Aanother_token-1/photo.jpg")
    assert "very-secret" not in stream.getvalue()
    assert "board-token" not in stream.getvalue()
    assert "another_token" not in stream.getvalue()


def test_the_http_library_does_not_log_addresses() -> None:
    stream = io.StringIO()
    set_up([], stream=stream)
    logging.getLogger("httpx").info('HTTP Request: GET https://host/bot1:abc/getMe "HTTP/1.1 200 OK"')
    assert stream.getvalue() == ""
