"""The measurements behind the figures: `connector bench` runs them."""

from bench.measuring import MEASURES, measure

__all__ = ["MEASURES", "measure"]
