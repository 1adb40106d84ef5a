"""The stand-ins alone: what they tell is enough to run a daemon against them."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.loopback import PortTaken, address, free_port, listener

ROOT = Path(__file__).parents[2]


def test_the_environment_it_prints_opens_both_stand_ins_and_ctrl_c_ends_it() -> None:
    serving = "from sandbox.serve import serve; serve(0, 0)"
    process = subprocess.Popen(
        [sys.executable, "-c", serving], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        told = ""
        while "Ctrl-C" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        given = dict(re.findall(r"^export (\w+)=(.*)$", told, re.MULTILINE))
        bot = f"{given['CONNECTOR_TELEGRAM__BASE_URL']}/bot{given['CONNECTOR_TELEGRAM__TOKEN']}/getMe"
        assert httpx.get(bot, trust_env=False).json()["ok"] is True
        boards = f"{given['CONNECTOR_BOARD__BASE_URL']}/spaces"
        headers = {"authorization": f"Bearer {given['CONNECTOR_BOARD__TOKEN']}"}
        assert httpx.get(boards, headers=headers, trust_env=False).json()[0]["title"] == "Поддержка"
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_a_taken_port_is_named() -> None:
    with listener() as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} "):
            listener(port)


def test_a_free_port_can_be_taken_at_once() -> None:
    port = free_port()
    with listener(port) as found:
        assert address(found) == f"http://127.0.0.1:{port}"
        assert found.family is socket.AF_INET
