"""On what it was measured."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


def machine() -> dict[str, object]:
    """Cores, memory, versions and how busy the machine was before we began."""
    from pysqlite3 import dbapi2

    return {
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": sys.version.split()[0],
        "sqlite": dbapi2.sqlite_version,
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def resident_mb(pid: int) -> float:
    """Memory the process holds, MB. Raises OSError where /proc does not tell."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/{pid}/status has no VmRSS: the process has ended")
