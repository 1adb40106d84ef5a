"""The demo: the real daemon between the two stand-ins, a short story in the terminal, and a page to play on."""

from sandbox.demo.performance import play

__all__ = ["play"]
