"""A copy of a SQLite file beside it, whole and of one moment, before anything in it is changed for good."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType


def copy_beside(path: Path, schema: str, *, sqlite: ModuleType = sqlite3) -> Path:
    """Copies `connector.db` to `connector.db.schema-0001.20261122-104500`; checks the copy; returns where it is.

    Only its owner may read it. Raises OSError, sqlite3.Error; then there is no copy.

    https://www.sqlite.org/lang_vacuum.html#vacuuminto
    """
    copy = path.with_name(f"{path.name}.schema-{schema}.{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
    part = copy.with_name(f".{copy.name}.part")
    part.unlink(missing_ok=True)
    # VACUUM INTO takes an empty file as it is: so nobody else may read it from the first byte on.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite.connect(path, timeout=10)) as source:
            source.execute("VACUUM INTO ?", (str(part),))
        with closing(sqlite.connect(part)) as made:
            found = made.execute("PRAGMA quick_check").fetchone()[0]
            if found != "ok":
                raise OSError(f"the copy of {path} is not sound: {found}")
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(part, copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return copy
