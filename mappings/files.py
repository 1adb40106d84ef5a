"""Files that a mapping names: those beside it, and those that ship with the connector."""

from __future__ import annotations

from pathlib import Path

from mappings.source import Source

_HERE = Path(__file__).parent


def picture_file(source: Source, picture: str) -> Path | None:
    """The absolute path of what a client is sent: beside the mapping, else shipped; None when it is in neither."""
    return _existing(source.file.parent, picture) or _existing(_HERE, picture)


def list_file(source: Source, name: str) -> Path | None:
    """The absolute path of the list of account ids; a relative one counts from the mapping's folder."""
    return _existing(source.file.parent, name)


def files_beside(source: Source, name: str) -> list[str]:
    """The names in the folder where a file was looked for."""
    try:
        return sorted(file.name for file in (source.file.parent / name).parent.iterdir())
    except (OSError, ValueError):
        return []


def _existing(folder: Path, name: str) -> Path | None:
    try:
        file = (folder / name.strip()).resolve()
        return file if file.is_file() else None
    except (OSError, ValueError):  # no path at all: too long, or with characters that no path has
        return None
