"""The daemon itself."""

from __future__ import annotations

import asyncio
import signal
import sys
from types import FrameType

from commands.answer import Exit, fail
from commands.options import ConfigOption, load_all


def run(config: ConfigOption = None) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C."""
    # The first process of a container is ended by no signal it does not take itself: one that comes while the imports
    # below go on would be lost, and the stop would become a kill.
    signal.signal(signal.SIGTERM, _leave)
    from sqlalchemy.exc import SQLAlchemyError

    import composition
    from connector.engine.daemon import Unfit
    from connector.ports import WrongToken
    from connector.store.file_lock import Busy

    settings, loaded = load_all(config)
    try:
        asyncio.run(composition.run(settings, loaded))
    except Busy as busy:
        fail(Exit.BUSY, str(busy))
    except WrongToken as refused:
        remedy = "Set the right token: CONNECTOR_TELEGRAM__TOKEN, CONNECTOR_BOARD__TOKEN."
        fail(Exit.REFUSED, f"{refused}. Nothing was started.", remedy)
    except Unfit as unfit:
        fail(Exit.INVALID, str(unfit), "", "Nothing was started.")
    except SQLAlchemyError as trouble:
        reason = type(trouble).__name__
        fail(Exit.UNREACHABLE, f"the database failed: {reason}. What was acknowledged is safe; start again.")
    except composition.CannotServe as taken:
        fail(Exit.FAILED, f"{taken}. Nothing was started.")
    except composition.BadDatabase as bad:
        fail(Exit.INVALID if bad.invalid else Exit.UNREACHABLE, str(bad))


def _leave(signal_number: int, frame: FrameType | None) -> None:
    """A stop before anything was started."""
    sys.exit(0)
