"""Files of the database written anew, so that what was deleted is gone from the disk too."""

from __future__ import annotations

import time

from sqlalchemy import Engine


def write_anew(engine: Engine) -> None:
    """Nothing that was deleted is left in the files. On SQLite whoever writes waits for as long as it takes.

    https://www.sqlite.org/lang_vacuum.html and https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
    https://www.postgresql.org/docs/current/sql-vacuum.html
    """
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if engine.dialect.name == "postgresql":
            driver = raw.driver_connection
            assert driver is not None
            driver.rollback()
            driver.autocommit = True
            cursor.execute("VACUUM")
            driver.autocommit = False
        else:
            cursor.execute("VACUUM")
            # The daemon's steps are short: between two of them the log is folded in and emptied.
            for _ in range(50):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                found = cursor.fetchone()
                if found is not None and found[0] == 0:  # nobody was in the way
                    break
                time.sleep(0.1)
        cursor.close()
    finally:
        raw.close()
