"""Imports go down: which room may import which, what the pure rooms may not touch, what a module says of itself."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = ("connector", "adapters", "mappings", "sandbox", "bench", "commands", "cli", "composition", "tests")
# The modules above all rooms: the commands, which may import everything, and what puts the daemon's parts together.
ON_TOP = ("cli", "commands", "composition")
PUT_TOGETHER = ("connector", "adapters", "mappings")
# These two only hold rooms: what lies directly under them is a room each.
HOUSES = ("connector", "adapters")

# What a room may import of ours besides itself. An adapter's room is not named here: see `allowed`.
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "connector": frozenset(),
    "connector.domain": frozenset(),
    "connector.ports": frozenset({"connector.domain"}),
    "connector.store": frozenset({"connector.ports", "connector.domain"}),
    "connector.engine": frozenset({"connector.store", "connector.ports", "connector.domain"}),
    "connector.web": frozenset({"connector.store", "connector.ports", "connector.domain"}),
    "connector.logs": frozenset(),
    "connector.settings": frozenset(),
    "adapters": frozenset(),
    "mappings": frozenset({"connector.domain"}),
    "bench": frozenset(
        {"connector.domain", "connector.ports", "connector.store", "connector.engine", "connector.logs", "mappings"}
        | {"sandbox"}
    ),
    "sandbox": frozenset(),
}
ADAPTER_MAY_IMPORT = frozenset({"connector.ports", "connector.domain"})
STANDARD_LIBRARY_ONLY = frozenset({"connector.domain", "connector.ports"})
# The domain has no clock, no network, no database, no log, no chance: these modules bring one in.
IMPURE = frozenset(
    {
        "asyncio",
        "concurrent",
        "http",
        "logging",
        "multiprocessing",
        "os",
        "random",
        "secrets",
        "select",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
    }
)
CLOCK_CALLS = frozenset({"now", "today", "utcnow"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A breach of a rule: where, and what is wrong."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of ours, read and not run."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every (line, module) that is imported anywhere in it, also in functions and for type checking only."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    yield from ((node.lineno, alias.name) for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    source = self._absolute(module, level)
                    if source in HOUSES:
                        yield from ((node.lineno, f"{source}.{alias.name}") for alias in names)
                    else:
                        yield node.lineno, source
                case ast.Call(
                    func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(target)), *_],
                ):
                    yield node.lineno, target

    def _absolute(self, module: str | None, level: int) -> str:
        if level == 0:
            return module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - level + (1 if self.is_package else 0)]
        return ".".join([*base, *([module] if module else [])])


def modules(root: Path) -> list[Module]:
    """Every module that ships, read from `root`; rooms that do not exist are not missed."""
    paths = [path for top in TOP_LEVEL if top != "tests" for path in (root / top).rglob("*.py")]
    paths += [path for name in ON_TOP if (path := root / f"{name}.py").exists()]
    found = []
    for path in sorted(paths):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = _parsed(path.read_text(encoding="utf-8"))
        found.append(Module(name=name, path=path.relative_to(root), tree=tree))
    return found


@cache
def _parsed(text: str) -> ast.Module:
    """The text as a tree; kept, since each planted copy differs from the others in one file."""
    return ast.parse(text)


def room_of(name: str) -> str | None:
    """The room that holds the module; None for what is not ours."""
    parts = name.split(".")
    if parts[0] not in TOP_LEVEL:
        return None
    return ".".join(parts[:2]) if parts[0] in HOUSES else parts[0]


def allowed(room: str) -> frozenset[str] | None:
    """The other rooms of ours that `room` may import; None if there should be no such room."""
    if room.startswith("adapters."):
        return ADAPTER_MAY_IMPORT
    return MAY_IMPORT.get(room)


def import_problems(root: Path) -> list[Problem]:
    """Every import that goes the wrong way, every impure thing in a pure room, every circle between rooms."""
    problems: list[Problem] = []
    graph: dict[str, set[str]] = {}
    for module in modules(root):
        room = room_of(module.name)
        assert room is not None
        for line, target in module.imports():
            target_room = room_of(target)
            if target_room is not None and target_room != room:
                graph.setdefault(room, set()).add(target_room)
            what = _wrong(room, target, target_room)
            if what is not None:
                problems.append(Problem(path=module.path, line=line, what=what))
        if room == "connector.domain":
            problems += [
                Problem(path=module.path, line=line, what=f"asks the clock: {call}(); the time is handed in")
                for line, call in _clock_calls(module.tree)
            ]
        if room not in ON_TOP and allowed(room) is None:
            problems.append(Problem(path=module.path, line=1, what=f"no room is called {room}"))
    problems += [
        Problem(path=Path(circle[0].replace(".", "/")), line=1, what=f"circle of rooms: {' -> '.join(circle)}")
        for circle in circles(graph)
    ]
    return problems


def _wrong(room: str, target: str, target_room: str | None) -> str | None:
    if target_room is None:
        top = target.split(".")[0]
        if room in STANDARD_LIBRARY_ONLY and top not in sys.stdlib_module_names:
            return f"{room} imports {target}: only the standard library is allowed there"
        if room == "connector.domain" and top in IMPURE:
            return f"{room} imports {target}: the domain is pure"
        return None
    if target_room == "tests":
        return f"{room} imports {target}: what ships does not know its tests"
    if room in ("cli", "commands") or target_room == room or target_room in (allowed(room) or ()):
        return None
    if room == "composition" and target_room.split(".")[0] in PUT_TOGETHER:
        return None
    return f"{room} may not import {target}"


def _clock_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=call)) if call in CLOCK_CALLS:
                yield node.lineno, call


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Every circle in the graph that a walk finds, each as the rooms passed, the first again at the end."""
    found: list[list[str]] = []
    finished: set[str] = set()

    def walk(room: str, way: list[str]) -> None:
        if room in way:
            found.append([*way[way.index(room) :], room])
            return
        if room in finished:
            return
        for following in sorted(graph.get(room, ())):
            walk(following, [*way, room])
        finished.add(room)

    for room in sorted(graph):
        walk(room, [])
    return found


def docstring_problems(root: Path) -> list[Problem]:
    """Every module whose docstring is missing or is not exactly one sentence; an address below it is no sentence."""
    problems = []
    for module in modules(root):
        text = re.sub(r"^https://\S+$", "", ast.get_docstring(module.tree) or "", flags=re.MULTILINE)
        if not text.strip():
            what = "has no docstring: say in one sentence what it is for"
        elif not text.rstrip().endswith((".", "!", "?", "…")):
            what = "its docstring is not a sentence: it ends without a full stop"
        elif re.search(r"[.!?…][)\"'”»]*\s+[A-ZА-ЯЁ]", text):
            what = "its docstring is more than one sentence"
        else:
            continue
        problems.append(Problem(path=module.path, line=1, what=what))
    return problems


def lines(problems: list[Problem]) -> str:
    return "\n".join(map(str, problems))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of everything that ships, to plant things in."""
    for top in TOP_LEVEL:
        if top != "tests" and (ROOT / top).is_dir():
            shutil.copytree(ROOT / top, tmp_path / top, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ON_TOP:
        if (ROOT / f"{name}.py").exists():
            shutil.copy(ROOT / f"{name}.py", tmp_path)
    return tmp_path


def plant(root: Path, path: str, statement: str, docstring: str = "Planted for a test.") -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f'"""{docstring}"""\n\n{statement}\n', encoding="utf-8")


def complaints_about(path: str, problems: list[Problem]) -> list[str]:
    return [problem.what for problem in problems if problem.path == Path(path)]


def test_there_is_something_to_check() -> None:
    assert modules(ROOT)


def test_every_import_goes_down() -> None:
    problems = import_problems(ROOT)
    assert not problems, lines(problems)


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    problems = docstring_problems(ROOT)
    assert not problems, lines(problems)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("connector/domain/planted.py", "import httpx"),
        ("connector/domain/planted.py", "import pydantic.fields"),
        ("connector/domain/planted.py", "import connector.ports"),
        ("connector/domain/planted.py", "from ..store import tables"),
        ("connector/domain/decide/planted.py", "from connector import engine"),
        ("connector/domain/planted.py", "import logging"),
        ("connector/domain/planted.py", "from time import monotonic"),
        ("connector/domain/planted.py", "import datetime\n\ndatetime.datetime.now(datetime.UTC)"),
        ("connector/ports.py", "from connector.store import journal"),
        ("connector/ports.py", "import sqlalchemy"),
        ("connector/store/planted.py", "import connector.engine"),
        ("connector/store/planted.py", "from connector.settings import Settings"),
        ("connector/engine/planted.py", "from adapters.kaiten import board"),
        ("connector/engine/planted.py", "from adapters import memory"),
        ("connector/engine/planted.py", "import mappings.load"),
        ("connector/engine/planted.py", "import connector.web"),
        ("connector/web/planted.py", "from sandbox import page"),
        ("connector/web/planted.py", "import cli"),
        ("connector/web/planted.py", "import tests.conftest"),
        ("connector/planted.py", "x = 1"),
        ("connector/__init__.py", "from connector.engine import run"),
        ("adapters/telegram/planted.py", "import adapters.kaiten.board"),
        ("adapters/telegram/planted.py", "from .. import kaiten"),
        ("adapters/telegram/planted.py", "from ..kaiten import board"),
        ("adapters/kaiten/planted.py", "from connector.engine import loops"),
        ("adapters/kaiten/planted.py", "from connector import store"),
        ("adapters/kaiten/planted.py", "import connector.web"),
        ("adapters/kaiten/planted.py", "import mappings"),
        ("adapters/kaiten/planted.py", "def later() -> None:\n    from sandbox import kaiten"),
        ("mappings/planted.py", "import adapters.telegram"),
        ("mappings/planted.py", "import connector.engine"),
        ("mappings/planted.py", "import connector.store"),
        ("mappings/planted.py", "import connector.ports"),
        ("sandbox/planted.py", "import connector.domain.events"),
        ("sandbox/planted.py", "from adapters.kaiten import board"),
        ("sandbox/planted.py", "import importlib\n\nimportlib.import_module('connector.domain')"),
        ("connector/web/planted.py", "import composition"),
        ("bench/planted.py", "from composition import adapters"),
        ("composition.py", "import cli"),
        ("composition.py", "from sandbox import page"),
        ("composition.py", "import bench"),
        ("cli.py", "import tests.conftest"),
        ("commands/planted.py", "import tests.conftest"),
        ("composition.py", "import commands.answer"),
        ("connector/engine/planted.py", "import commands.answer"),
    ],
)
def test_a_planted_import_is_found(copy: Path, path: str, statement: str) -> None:
    plant(copy, path, statement)
    assert len(complaints_about(path, import_problems(copy))) == 1


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("connector/domain/planted.py", "from dataclasses import dataclass\nfrom connector.domain import refs"),
        ("connector/domain/decide/planted.py", "from ..events import Event\nfrom . import board"),
        ("connector/engine/planted.py", "import httpx\nfrom connector.store import journal\nfrom . import tick"),
        ("connector/web/planted.py", "from connector.store import journal\nfrom connector.ports import Batch"),
        ("adapters/telegram/planted.py", "import telegram\nfrom connector.ports import Batch\nfrom . import read"),
        ("mappings/planted.py", "import ruamel.yaml\nfrom connector.domain.policy import Policy"),
        ("sandbox/planted.py", "import starlette\nfrom sandbox import page"),
        ("cli.py", "import typer\nimport adapters.kaiten, connector.engine, composition, mappings, sandbox"),
        ("composition.py", "import uvicorn\nimport adapters.kaiten, connector.web, connector.store, mappings"),
    ],
)
def test_an_import_that_goes_down_is_left_alone(copy: Path, path: str, statement: str) -> None:
    plant(copy, path, statement)
    assert complaints_about(path, import_problems(copy)) == []


def test_a_planted_circle_is_found(copy: Path) -> None:
    plant(copy, "connector/store/planted.py", "import connector.engine")
    plant(copy, "connector/engine/planted.py", "import connector.store")
    found = [problem.what for problem in import_problems(copy) if "circle" in problem.what]
    assert found == ["circle of rooms: connector.engine -> connector.store -> connector.engine"]


@pytest.mark.parametrize(
    ("docstring", "complaint"),
    [
        ("", "has no docstring"),
        ("what this is for", "without a full stop"),
        ("This is for one thing. It is also for another.", "more than one sentence"),
        ("Это одно.\n\nЭто другое.", "more than one sentence"),
    ],
)
def test_a_planted_docstring_is_found(copy: Path, docstring: str, complaint: str) -> None:
    plant(copy, "connector/engine/planted.py", "", docstring)
    (what,) = complaints_about("connector/engine/planted.py", docstring_problems(copy))
    assert complaint in what


def test_an_address_below_the_sentence_is_left_alone(copy: Path) -> None:
    plant(copy, "sandbox/planted.py", "", "One thing.\n\nhttps://developers.kaiten.ru/cards\nhttps://example.org/a.b\n")
    assert complaints_about("sandbox/planted.py", docstring_problems(copy)) == []


def test_a_sentence_may_hold_names_with_dots(copy: Path) -> None:
    plant(copy, "mappings/planted.py", "", "Reads mapping.yaml, i.e. what the admin wrote (see config.example.yaml).")
    assert complaints_about("mappings/planted.py", docstring_problems(copy)) == []
