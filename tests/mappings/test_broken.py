"""Broken mappings, each with the very words its author reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings import Severity, load, load_text, render

BROKEN = Path(__file__).parent / "broken"
NAMES = sorted(file.stem for file in BROKEN.glob("*.yaml"))
WARNINGS_ONLY = {
    "cabinet-field-without-cabinet",
    "facts-that-never-come",
    "verify-file-of-something-else",
    "verify-url-plain",
    "working-day-differs",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_mapping_is_told_what_is_wrong_where_and_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BROKEN)
    loaded = load(Path(f"{name}.yaml"))
    assert render(loaded.problems) + "\n" == (BROKEN / f"{name}.txt").read_text(encoding="utf-8")
    assert (loaded.mapping is None) == (name not in WARNINGS_ONLY)


def test_there_are_many_broken_mappings() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_names_a_place_that_exists(name: str) -> None:
    file = BROKEN / f"{name}.yaml"
    lines = file.read_text(encoding="utf-8").splitlines() or [""]
    for problem in load(file).problems:
        assert problem.line is not None
        assert problem.column is not None
        assert 1 <= problem.line <= len(lines) + 1
        assert problem.column <= len((*lines, "")[problem.line - 1]) + 1


def test_a_language_without_texts_is_told_which_texts_it_lacks() -> None:
    text = (BROKEN / "bool-in-words.yaml").read_text(encoding="utf-8").replace("[ru]", "[ru, kk]")
    found = {problem.code: problem for problem in load_text(text, Path("x.yaml")).problems}
    problem = found["text-missing"]
    assert (problem.line, problem.column, problem.path) == (2, 17, "languages[1]")
    assert "greeting" in problem.found
    assert "ru" in problem.expected


def test_a_token_is_never_shown_again() -> None:
    token = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
    said = render(load_text(f'version: "{token}"\nsource: {{responsible: ["{token}"]}}\n', Path("x.yaml")).problems)
    assert "AAabc" not in said
    assert said.count("[secret]") == 2


@pytest.mark.parametrize(
    "place",
    [
        'url: "https://bot:hunter2@example.com/{cabinet}"',
        'url: "https://example.com/{cabinet}?api_key=hunter2"',
        'url: "https://example.com/?id={cabinet}&key=hunter2"',
        "file: https://bot:hunter2@example.com/list.csv",
        'file: "https://example.com/list.csv?token=hunter2"',
        'file: list.csv, column: "https://bot:hunter2@example.com"',
        'unknown: "https://bot:hunter2@example.com"',
    ],
)
def test_a_password_in_an_address_is_never_shown_again(place: str) -> None:
    text = (BROKEN / "verify-url-plain.yaml").read_text(encoding="utf-8")
    text = text[: text.index("{url")] + "{" + place + "}\n"
    problems = load_text(text, Path("x.yaml")).problems
    assert problems
    assert "hunter2" not in render(problems)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = load(tmp_path / "none.yaml").problems
    assert (problem.code, problem.found) == ("file", "No such file or directory")
    assert problem.render().startswith(f"{tmp_path / 'none.yaml'}: error [file]\n")


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    assert [problem.code for problem in load(tmp_path).problems] == ["file"]


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("version: 1\n# привет\n".encode("cp1251"))
    (problem,) = load(file).problems
    assert (problem.line, problem.found) == (2, "bytes that are not UTF-8")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    file.write_bytes(b"#" * (1024 * 1024 + 1))
    assert [problem.code for problem in load(file).problems] == ["file"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + b"version: 2\n")
    versions = [problem for problem in load(file).problems if problem.path == "version"]
    assert [(problem.line, problem.column) for problem in versions] == [(1, 10)]


def test_a_warning_can_be_silenced_and_an_error_cannot() -> None:
    text = (BROKEN / "working-day-differs.yaml").read_text(encoding="utf-8")
    assert load_text(text + "silence: [working-day]\n", Path("x.yaml")).problems == ()
    refused = load_text(text + "silence: [working-day]\nsign_agents: 1\n", Path("x.yaml")).problems
    assert [problem.severity for problem in refused] == [Severity.ERROR]
