"""Kaiten as a board: its REST API translated into the core's events and orders."""

from adapters.kaiten.board import KaitenBoard
from adapters.kaiten.hints import Hint, hints

__all__ = ["Hint", "KaitenBoard", "hints"]
