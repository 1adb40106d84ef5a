"""What a power cut leaves of a folder, worked out from the record of everything that was asked of it."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
"""Bytes a disk writes as one; anything longer may tear."""
_HEAD = struct.Struct("=c3xIqqq")


@dataclass(frozen=True, slots=True)
class Asked:
    """One record of the shim, see power_shim.c for the letters."""

    what: str
    name: str
    offset: int
    data: bytes


def read_record(path: Path) -> list[Asked]:
    """The record in the order of the calls."""
    raw = memoryview(path.read_bytes())
    found, at = [], 0
    while at < len(raw):
        what, name_length, offset, data_length, _ = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        name = bytes(raw[at : at + name_length]).decode()
        at += name_length
        found.append(Asked(what.decode(), name, offset, bytes(raw[at : at + data_length])))
        at += data_length
    return found


@dataclass(slots=True)
class _Disk:
    """One file: what is durable of it, and what was asked since."""

    durable: bytearray = field(default_factory=bytearray)
    asked: list[Asked] = field(default_factory=list)

    def sync(self) -> None:
        for each in self.asked:
            _apply(self.durable, each)
        self.asked.clear()


def _apply(content: bytearray, asked: Asked) -> None:
    if asked.what == "T":
        del content[asked.offset :]
        content.extend(bytes(max(0, asked.offset - len(content))))
        return
    content.extend(bytes(max(0, asked.offset - len(content))))
    content[asked.offset : asked.offset + len(asked.data)] = asked.data


@dataclass(slots=True)
class Folder:
    """The folder as its process sees it (`names`), and the names that would survive (`durable`)."""

    names: dict[str, _Disk] = field(default_factory=dict)
    durable: dict[str, _Disk] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=list)

    def play(self, asked: Asked) -> None:
        """Takes in one record."""
        match asked.what:
            case "A":
                self.acknowledged.append(asked.offset)
            case "C":
                self.names[asked.name] = _Disk()
            case "U":
                self.names.pop(asked.name, None)
            case "R":
                self.names[asked.data.decode()] = self.names.pop(asked.name)
            case "D":
                self.durable = dict(self.names)
            case "S":
                self.names[asked.name].sync()
            case _:
                self.names[asked.name].asked.append(asked)

    def whole(self) -> dict[str, bytes]:
        """Everything as the process saw it: the same as the real files when the record has no hole."""
        found = {}
        for name, disk in self.names.items():
            content = bytearray(disk.durable)
            for asked in disk.asked:
                _apply(content, asked)
            found[name] = bytes(content)
        return found

    def after_cut(self, chance: random.Random | None = None) -> dict[str, bytes]:
        """The files after the power came back.

        Without `chance` only what was synced is there: contents by a sync of the file, names by one of the folder.
        With it, every unsynced change may have reached the disk as well: each sector of each write by itself, in
        any combination, and each name made or removed since the folder was synced.
        """
        names = dict(self.durable)
        if chance is not None:
            for name in sorted(self.durable.keys() | self.names.keys()):
                if self.names.get(name) is not self.durable.get(name) and chance.random() < 0.5:
                    if name in self.names:
                        names[name] = self.names[name]
                    else:
                        names.pop(name, None)
        found = {}
        for name, disk in names.items():
            content = bytearray(disk.durable)
            if chance is not None:
                share = chance.choice((0.1, 0.5, 0.9, 1.0))
                for asked in disk.asked:
                    for part in _sectors(asked):
                        if chance.random() < share:
                            _apply(content, part)
            found[name] = bytes(content)
        return found


def _sectors(asked: Asked) -> list[Asked]:
    if asked.what == "T":
        return [asked]
    parts, at = [], 0
    while at < len(asked.data):
        length = min(SECTOR - (asked.offset + at) % SECTOR, len(asked.data) - at)
        parts.append(Asked("W", asked.name, asked.offset + at, asked.data[at : at + length]))
        at += length
    return parts
