"""A database of each kind, as a command finds it."""

from tests.store.conftest import database, shelf

__all__ = ["database", "shelf"]
