"""A stand-in for the Kaiten REST API, with the people, the faults and the limits a test or a demo needs."""

from sandbox.kaiten.assembly import app
from sandbox.kaiten.seed import CORE12

__all__ = ["CORE12", "app"]
