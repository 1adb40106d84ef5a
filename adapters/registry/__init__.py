"""The company's own list of account ids: a CSV file, or an address that is asked."""

from adapters.registry.file import FileRegistry
from adapters.registry.http import HttpRegistry

__all__ = ["FileRegistry", "HttpRegistry"]
