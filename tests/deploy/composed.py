"""A company in containers: one compose file of deploy/ as it stands, the stand-ins on its network, people outside."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.deploy.engine import Engine, said
from tests.deploy.stand_ins import BOARD_PORT, CHAT_PORT
from tests.process.company import BOARD_TOKEN, HOOK_SECRET, ROOT, TELEGRAM_TOKEN, Company, free_port

DEPLOY = ROOT / "deploy"
HERE = Path(__file__).parent
DATABASE_PASSWORD = "database-password-of-the-tests"


class Composed(Company):
    """A compose file brought up under a name of its own. Use as a context manager; afterwards nothing of it is left."""

    def __init__(self, folder: Path, engine: Engine, image: str, name: str) -> None:
        super().__init__(folder=folder)
        self.engine = engine
        self.web_port = free_port()
        self.project = f"connector-test-{uuid.uuid4().hex[:8]}"
        self._image = image
        self._files = (folder / "deploy" / name, folder / "deploy" / "company.yaml")
        (folder / "deploy").mkdir()
        for source in (DEPLOY / name, HERE / "company.yaml", HERE / "stand_ins.py"):
            shutil.copy(source, folder / "deploy")
        shutil.copy(self.mapping, folder / "mapping.yaml")
        (folder / "secrets").mkdir(mode=0o700)
        for secret, held in {
            "telegram_token": TELEGRAM_TOKEN,
            "board_token": BOARD_TOKEN,
            "board_hook": HOOK_SECRET,
            "database_password": DATABASE_PASSWORD,
            "database_url": f"postgresql://connector:{DATABASE_PASSWORD}@database/connector",
        }.items():
            (folder / "secrets" / secret).write_text(held, encoding="utf-8")
        # Whoever reads them is a user of the containers: what keeps others out is the folder.
        for path in (*folder.glob("secrets/*"), *folder.glob("deploy/*"), folder / "mapping.yaml"):
            path.chmod(0o644)

    def __enter__(self) -> Self:
        try:
            self.up()
            self.telegram, self.kaiten = (self._side(port) for port in (CHAT_PORT, BOARD_PORT))
            self.until("the stand-ins", self._stand_ins_answer)
            hook = f"http://connector:8080/hooks/kaiten/{HOOK_SECRET}"
            space = self._board("GET", "/api/latest/spaces")[0]["id"]
            self._board("POST", f"/api/latest/spaces/{space}/external-webhooks", json={"url": hook})
        except BaseException:
            self.compose("down", "--volumes", "--timeout", "1", fails=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Kept for whoever reads why it failed, and for the search for tokens after every test.
        (self.folder / "daemon.log").write_text(self.log(), encoding="utf-8")
        self.compose("down", "--volumes", "--timeout", "1", fails=True)
        self.telegram.close()
        self.kaiten.close()

    def until(self, what: str, found: Callable[[], object], seconds: float = 60.0) -> Any:
        """As elsewhere, with more patience: containers share their machine with whoever built them."""
        return super().until(what, found, seconds)

    def compose(self, *words: str, fails: bool = False) -> str:
        """One command of compose on the files of this company; returns what it said."""
        told = {
            "IMAGE": self._image, "BOT_TOKEN": TELEGRAM_TOKEN, "WEB_PORT": str(self.web_port),
            "BOARD_URL": f"http://company:{BOARD_PORT}/api/latest",
        }  # fmt: skip
        files = (word for file in self._files for word in ("-f", str(file)))
        command = (*self.engine.composer, "-p", self.project, *files, *words)
        return said(command, {**os.environ, **told}, fails=fails)

    def up(self) -> None:
        """Everything is created and started."""
        self.compose("up", "-d", "--no-build")

    def containers(self) -> list[str]:
        """Those of the daemons, running or not."""
        project, service = (
            f"label={kind}.{what}"
            for kind, what in (
                ("com.docker.compose", f"project={self.project}"),
                ("com.docker.compose", "service=connector"),
            )
        )
        return self.engine.run("ps", "--all", "--quiet", "--filter", project, "--filter", service).split()

    def running(self) -> list[str]:
        """Those of them that run."""
        return [each for each in self.containers() if self.engine.looks(each)["State"]["Running"]]

    def log(self) -> str:
        """Everything the daemons that are still there said."""
        return "\n".join(self.engine.ended("logs", each)[1] for each in self.containers())

    def _side(self, port: int) -> httpx.Client:
        project = f"label=com.docker.compose.project={self.project}"
        (container,) = self.engine.run(
            "ps", "--quiet", "--filter", project, "--filter", "label=com.docker.compose.service=company"
        ).split()
        published = self.engine.run("port", container, f"{port}/tcp").split()[0]
        return httpx.Client(base_url=f"http://{published}", timeout=30)

    def _stand_ins_answer(self) -> bool:
        try:
            return self.telegram.get("/").status_code > 0 and self.kaiten.get("/").status_code > 0
        except httpx.TransportError:
            return False
