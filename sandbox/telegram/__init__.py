"""A stand-in for Telegram's Bot API, with a control API to play the people who write to the bot."""

from sandbox.telegram.clock import Clock
from sandbox.telegram.flood import Limits
from sandbox.telegram.server import app

__all__ = ["Clock", "Limits", "app"]
