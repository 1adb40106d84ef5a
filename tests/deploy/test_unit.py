"""The unit of deploy/systemd under a living systemd, put in place as docs/operations.md tells, all its walls up."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.engine import Engine
from tests.deploy.stand_ins import BOARD_PORT, CHAT_PORT
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN, Company

HERE = Path(__file__).parent
CHECKOUT = (
    "adapters", "bench", "commands", "connector", "deploy", "docs", "mappings", "sandbox", "tools", "cli.py",
    "composition.py", "config.example.yaml", "constraints.txt", "pyproject.toml", "LICENSE", "README.md",
)  # fmt: skip
CONFIG = "/etc/connector/config.yaml"
CLIENT = 810_001
EXPOSED_AT_MOST = 2.0
"""Of ten, by systemd-analyze; what remains is the network, which the daemon needs."""
STARTS = 12
"""More than systemd lets a unit have in a row unless told otherwise."""


class Machine:
    """A container in which systemd is the first process."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name

    def ended(self, command: str) -> tuple[int, str]:
        """A line in root's shell; its exit code and all it said."""
        return self._engine.ended("exec", self.name, "sh", "-c", command)

    def does(self, command: str) -> str:
        """A line in root's shell that must end with 0; returns all it said."""
        code, told = self.ended(command)
        assert code == 0, f"{command}: {code}\n{told}"
        return told

    def shown(self, name: str) -> str:
        """A property of the unit."""
        return self.does(f"systemctl show --property={name} --value connector").strip()

    def until(self, what: str, seen: Callable[[], bool], seconds: float = 60.0) -> float:
        """Waits; returns for how many seconds. Fails with the end of the unit's log."""
        began = time.monotonic()
        while not seen():
            late = time.monotonic() - began > seconds
            assert not late, f"not seen within {seconds} s: {what}\n{self.ended('journalctl -u connector -n 30')[1]}"
            time.sleep(0.3)
        return time.monotonic() - began

    def side(self, port: int) -> httpx.Client:
        """A stand-in that runs on the machine, from outside."""
        published = self._engine.run("port", self.name, f"{port}/tcp").split()[0]
        return httpx.Client(base_url=f"http://{published}", timeout=30)

    def lays_over(self, *lines: str) -> None:
        """What `systemctl edit` does; without lines, the unit stands alone again."""
        folder = "/run/systemd/system/connector.service.d"
        text = "\\n".join(("[Service]", *lines))
        self.does(f"mkdir -p {folder} && printf '{text}\\n' > {folder}/over.conf && systemctl daemon-reload")
        self.ended("systemctl reset-failed connector")


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Machine]:
    """A machine with the stand-ins as one unit and ours installed, its tokens in place, not yet started."""
    if not request.config.getoption("--unit"):
        pytest.skip("boots systemd in a privileged container: give --unit too")
    tag = "connector-test-machine:latest"
    engine.build(tag, HERE, HERE / "machine.Dockerfile")
    name = f"connector-test-{uuid.uuid4().hex[:8]}"
    cgroups = ("--cgroupns", "host", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs", "/run", "--tmpfs", "/tmp")
    ports = ("-p", f"127.0.0.1::{CHAT_PORT}", "-p", f"127.0.0.1::{BOARD_PORT}")
    engine.run("run", "-d", "--name", name, "--privileged", *cgroups, *ports, tag)
    try:
        machine = Machine(engine, name)
        machine.until("systemd is up", lambda: machine.ended("systemctl is-system-running")[1].strip() == "running")
        machine.does("mkdir /srv/kanban")
        for each in CHECKOUT:
            engine.run("cp", str(ROOT / each), f"{name}:/srv/kanban/{each}")
        engine.run("cp", str(HERE / "stand_ins.py"), f"{name}:/srv/stand_ins.py")
        machine.does("umask 077; sh /srv/kanban/deploy/systemd/install")
        machine.does(
            f"systemd-run --quiet --unit=stand-ins --setenv=BOT_TOKEN={TELEGRAM_TOKEN}"
            " /opt/connector/.venv/bin/python /srv/stand_ins.py"
        )
        machine.does(f"printf %s {TELEGRAM_TOKEN} > /etc/connector/secrets/telegram-token")
        machine.does(f"printf %s {BOARD_TOKEN} > /etc/connector/secrets/board-token")
        for public, ours in {
            "https://api.telegram.org": f"http://127.0.0.1:{CHAT_PORT}",
            "https://company.kaiten.ru": f"http://127.0.0.1:{BOARD_PORT}",
            'listen: ""': "listen: 127.0.0.1:8080",
        }.items():
            machine.does(f"grep -qF '{public}' {CONFIG} && sed -i 's|{public}|{ours}|' {CONFIG}")
        yield machine
    finally:
        engine.run("rm", "--force", "--volumes", name)
        engine.run("rmi", "--force", tag)


@pytest.fixture
def started(machine: Machine) -> Iterator[Machine]:
    """The unit active; afterwards stopped, and nothing laid over it."""
    machine.does("systemctl restart connector")
    yield machine
    machine.does("systemctl stop connector")
    machine.lays_over()


def _pid(machine: Machine) -> int:
    return int(machine.shown("MainPID"))


def test_installed_as_told_it_becomes_active_and_the_command_works_beside_it(
    machine: Machine, tell: Callable[[str], None]
) -> None:
    assert "fits the board" in machine.does("connector check --live")
    machine.does("systemctl enable --now connector")
    assert (machine.shown("ActiveState"), machine.shown("Type")) == ("active", "notify")
    machine.until("both sides are well", lambda: machine.ended("connector health --ready")[0] == 0)
    machine.does("connector doctor")
    machine.does("connector backup .")
    assert machine.ended("connector nonsense")[0] == 2
    owners = machine.does(f"stat -c %u /proc/{_pid(machine)} /var/lib/private/connector/*").split()
    assert len(set(owners)) == 1, "a command left what the daemon cannot open"
    assert owners[0] != "0"
    known = machine.does(f"cat /proc/{_pid(machine)}/environ; journalctl -u connector")
    assert TELEGRAM_TOKEN not in known
    metrics = machine.does(
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:8080/metrics\").read().decode())'"
    )
    assert "process_resident_memory_bytes" in metrics
    score = machine.does("systemd-analyze security --no-pager connector").splitlines()[-1]
    found = re.search(r"connector\.service: ([\d.]+)", score)
    assert found
    tell(f"unit: active; exposure {found[1]} of 10 by systemd-analyze")
    assert float(found[1]) <= EXPOSED_AT_MOST


def test_words_and_a_picture_go_both_ways(started: Machine, tmp_path: Path) -> None:
    with started.side(CHAT_PORT) as chat, started.side(BOARD_PORT) as board:
        company = Company(folder=tmp_path)
        company.telegram, company.kaiten = chat, board
        company.client(CLIENT)
        company.register(CLIENT, topic="Касса и оплата")
        company.says(CLIENT, "Касса не печатает чеки")
        card = company.until("the card", company.cards)[0]
        company.sends(CLIENT, "photo", caption="вот экран")
        company.until("the picture", lambda: [c for c in company.cards()[0]["comments"] if c["files"]])
        company.comments(card["id"], "anna", "Перезапустите кассу.")
        company.until(
            "the answer", lambda: any("Перезапустите" in (said["text"] or "") for said in company.from_bot(CLIENT))
        )


def test_a_stop_ends_it_cleanly(started: Machine) -> None:
    started.until("well", lambda: started.ended("connector health")[0] == 0)
    started.does("systemctl stop connector")
    assert (started.shown("Result"), started.shown("ExecMainStatus")) == ("success", "0")
    assert started.shown("ActiveState") == "inactive"


def test_killed_or_frozen_it_is_started_anew_and_no_file_on_its_way_is_left(
    machine: Machine, tell: Callable[[str], None]
) -> None:
    machine.lays_over("WatchdogSec=4")
    machine.does("systemctl restart connector")
    took = []
    for sign in ("KILL", "STOP"):
        before = _pid(machine)
        machine.does(f"kill -{sign} {before}")
        took.append(
            machine.until(
                f"another daemon after {sign}",
                lambda before=before: _pid(machine) not in (0, before) and machine.shown("ActiveState") == "active",  # type: ignore[misc]  # mypy infers no lambda with a default
            )
        )
    assert machine.shown("NRestarts") == "2"
    assert "Watchdog timeout" in machine.does("journalctl -u connector")
    assert len(machine.does("ls -d /var/lib/private/connector/*files*").split()) == 1
    machine.does("systemctl stop connector")
    machine.lays_over()
    tell(f"unit: killed: active after {took[0]:.0f} s; frozen, watchdog 4 s: after {took[1]:.0f} s")


@pytest.mark.parametrize(
    ("wrong", "file", "code"),
    [
        ("nonsense: 1", "/etc/connector/mapping.yaml", "3"),
        ("nonsense: 1", CONFIG, "3"),
        ("-of-somebody-else", "/etc/connector/secrets/telegram-token", "4"),
    ],
)
def test_what_no_start_mends_is_left_for_a_person(machine: Machine, wrong: str, file: str, code: str) -> None:
    machine.lays_over()
    machine.does(f"cp {file} /srv/kept && printf '%s\\n' '{wrong}' >> {file}")
    try:
        assert machine.ended("systemctl start connector")[0] != 0
        time.sleep(7)  # longer than a next start would be waited for
        assert (machine.shown("ActiveState"), machine.shown("NRestarts")) == ("failed", "0")
        assert machine.shown("ExecMainStatus") == code
    finally:
        machine.does(f"cat /srv/kept > {file}; rm /srv/kept; systemctl reset-failed connector")


def test_a_database_that_is_away_for_long_is_waited_for(machine: Machine) -> None:
    machine.lays_over("RestartSec=100ms", "Environment=CONNECTOR_DATABASE_URL=postgresql://nobody@127.0.0.1:9/nothing")
    machine.does("systemctl start --no-block connector")
    machine.until("many starts", lambda: int(machine.shown("NRestarts")) >= STARTS, 120)
    assert machine.shown("ActiveState") in ("activating", "active")
    machine.does("systemctl stop connector")
    machine.lays_over()
    machine.does("systemctl start connector")
    assert machine.shown("ActiveState") == "active"
