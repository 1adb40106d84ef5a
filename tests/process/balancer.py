"""A load balancer for tests: connections go in turn to whichever daemon listens."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from types import TracebackType
from typing import Self


class Balancer:
    """One port before several. Use as a context manager."""

    def __init__(self, *ports: int) -> None:
        self._turns = itertools.cycle(ports)
        self._ports = ports
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.served = dict.fromkeys(ports, 0)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller:
            for _ in self._ports:
                port = next(self._turns)
                try:
                    daemon = socket.create_connection(("127.0.0.1", port), timeout=1)
                except OSError:
                    continue
                daemon.settimeout(None)
                self.served[port] += 1
                with daemon:
                    back = threading.Thread(target=_carry, args=(daemon, caller), daemon=True)
                    back.start()
                    _carry(caller, daemon)
                    back.join()
                return


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
