"""What the operator sets: the file, the environment over it, secrets by file, every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.settings import BadSettings, load_settings
from connector.store.engines import place_of

EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.yaml"
TOKENS = {"CONNECTOR_TELEGRAM__TOKEN": "42:bot-token", "CONNECTOR_BOARD__TOKEN": "board-token"}


def test_the_example_needs_nothing_but_the_two_tokens() -> None:
    settings = load_settings(EXAMPLE, TOKENS)
    assert settings.board.tool == "kaiten"
    assert settings.telegram.base_url == "https://api.telegram.org"
    assert settings.mapping.is_file()
    assert settings.web.listen == ""


def test_the_environment_alone_is_enough() -> None:
    settings = load_settings(
        None, {**TOKENS, "CONNECTOR_MAPPING": "m.yaml", "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:1/api/latest/"}
    )
    assert settings.board.base_url == "http://127.0.0.1:1/api/latest"


def test_the_environment_wins_over_the_file() -> None:
    settings = load_settings(EXAMPLE, {**TOKENS, "CONNECTOR_BOARD__POLL_SECONDS": "9"})
    assert settings.board.poll_seconds == 9
    assert settings.board.calls_per_second == 5


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("42:from-a-file\n", encoding="utf-8")
    environment = {"CONNECTOR_TELEGRAM__TOKEN_FILE": str(tmp_path / "token"), "CONNECTOR_BOARD__TOKEN": "b"}
    assert load_settings(EXAMPLE, environment).telegram.token.get_secret_value() == "42:from-a-file"


def test_every_problem_is_told_at_once_with_the_variable_that_mends_it() -> None:
    with pytest.raises(BadSettings) as bad:
        load_settings(EXAMPLE, {"CONNECTOR_BOARD__POLL_SECONDS": "-1", "CONNECTOR_WEB__LISTEN": "everywhere"})
    text = "\n".join(bad.value.problems)
    assert "CONNECTOR_TELEGRAM__TOKEN_FILE" in text
    assert "board.poll_seconds" in text
    assert "expected host:port" in text
    assert len(bad.value.problems) == 4


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("mapping: m.yaml\nboard: {base_url: 'http://b', pol_seconds: 3}\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"board\.pol_seconds: there is no such setting"):
        load_settings(path, TOKENS)


@pytest.mark.parametrize("text", ["[1, 2", "- just\n- a list\n", "words", "\x00"])
def test_a_file_that_is_no_settings_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as bad:
        load_settings(path, TOKENS)
    assert "config.yaml" in str(bad.value)


def test_what_is_no_yaml_is_shown_by_its_place_and_not_by_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("mapping: m.yaml\ntelegram: {token: 'sec\nret\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"config\.yaml:4:1: this is not YAML") as bad:
        load_settings(path, TOKENS)
    assert "sec" not in str(bad.value)


def test_a_folder_and_a_file_of_other_bytes_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="this is a folder"):
        load_settings(tmp_path, TOKENS)
    (tmp_path / "config.yaml").write_bytes("mapping: файл".encode("cp1251"))
    with pytest.raises(BadSettings, match="expected text in UTF-8"):
        load_settings(tmp_path / "config.yaml", TOKENS)


@pytest.mark.parametrize("url", ["mysql://x", "nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://host:x/n"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="database_url: expected sqlite:///"):
        load_settings(EXAMPLE, {**TOKENS, "CONNECTOR_DATABASE_URL": url})


@pytest.mark.parametrize(
    "url",
    ["sqlite:///a.db", "sqlite:////var/a.db", "sqlite+pysqlite:///a.db", "postgresql://u:p%40ss@host:5432/n",
     "postgresql:///n?host=/var/run/postgresql"],
)  # fmt: skip
def test_a_database_is_named_in_many_ways(url: str) -> None:
    settings = load_settings(EXAMPLE, {**TOKENS, "CONNECTOR_DATABASE_URL": url})
    assert place_of(settings.database_url.get_secret_value())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="there is no such file"):
        load_settings(tmp_path / "none.yaml", TOKENS)


def test_a_bad_token_is_never_repeated_in_the_message() -> None:
    with pytest.raises(BadSettings) as bad:
        load_settings(EXAMPLE, {"CONNECTOR_TELEGRAM__TOKEN": "42:se cret", "CONNECTOR_BOARD__TOKEN": "b/oard"})
    assert "cret" not in str(bad.value)
    assert "b/oard" not in str(bad.value)


def test_a_mapping_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("mapping: my.yaml\nboard: {base_url: 'http://b'}\n", encoding="utf-8")
    assert load_settings(tmp_path / "config.yaml", TOKENS).mapping == tmp_path / "my.yaml"


def test_a_variable_that_is_nearly_one_of_ours_is_refused_and_any_other_is_not() -> None:
    with pytest.raises(BadSettings, match="did you mean CONNECTOR_TELEGRAM__TOKEN"):
        load_settings(EXAMPLE, {**TOKENS, "CONNECTOR_TELEGRAM_TOKEN": "1:a"})
    assert load_settings(EXAMPLE, {**TOKENS, "CONNECTOR_PORT_8080_TCP": "tcp://10.0.0.1:8080"}).board.poll_seconds == 3
