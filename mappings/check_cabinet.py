"""Whether a client's account id can be recognised: its pattern, its picture, and the company's own list of ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from mappings.files import files_beside, list_file, picture_file
from mappings.id_list import Unreadable, ids_of, read_table
from mappings.patterns import pattern_fault
from mappings.problems import Problem, Severity, holds_secret, nearest, one_of, shown
from mappings.schema import Content, Verify
from mappings.source import Source
from mappings.texts import placeholders
from mappings.validate import Validated

_AT_HOME = frozenset({"localhost", "127.0.0.1", "::1"})


def check_cabinet(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """Everything wrong with `cabinet`, and with a field for an id that nobody is asked for."""
    cabinet = content.cabinet
    if cabinet is None:
        if content.fields.cabinet is not None and validated.sound(("cabinet",)):
            yield source.problem(
                ("fields", "cabinet"), code="cabinet-unasked", found="a field for the cabinet, but no `cabinet` part",
                expected="a `cabinet` part: without it no client is asked for theirs",
                remedy="add `cabinet: {pattern: …}`, or remove this line", severity=Severity.WARNING,
            )  # fmt: skip
        return
    wrong = pattern_fault(cabinet.pattern)
    if wrong is not None:
        yield source.problem(
            ("cabinet", "pattern"), code="pattern", found=f"{shown(cabinet.pattern)}: {wrong}",
            expected="a regular expression that some text matches and the empty text does not",
            remedy="try it on an account id; such as [0-9]{4,8}",
        )  # fmt: skip
    if cabinet.tag is not None and placeholders(cabinet.tag) not in ((), ("cabinet",)):
        yield source.problem(
            ("cabinet", "tag"), code="text-placeholder", found=shown(cabinet.tag), expected="one of: {cabinet}",
            remedy="write {cabinet} where the account id belongs, and no other braces",
        )  # fmt: skip
    if cabinet.picture is not None and picture_file(source, cabinet.picture) is None:
        near = nearest(Path(cabinet.picture).name, files_beside(source, cabinet.picture))
        yield source.problem(
            ("cabinet", "picture"), code="picture", found=f"no file {shown(cabinet.picture)}",
            expected="an existing picture; the path counts from this file's folder", nearest=near,
            remedy=f"write {near}" if near else "put the picture there, or correct the path",
        )  # fmt: skip
    if cabinet.verify is not None:
        usable = wrong is None and validated.sound(("cabinet", "pattern"))
        yield from _verify(source, cabinet.verify, validated, cabinet.pattern if usable else None)


def _verify(source: Source, verify: Verify, validated: Validated, pattern: str | None) -> Iterator[Problem]:
    steps = ("cabinet", "verify")
    places = ((*steps, "file"), (*steps, "url"))
    sound = all(validated.sound(place) and place not in validated.meant for place in places)
    if sound and (verify.file is None) == (verify.url is None):
        yield source.problem(
            steps, code="verify", found='neither "file" nor "url"' if verify.url is None else 'both "file" and "url"',
            expected="exactly one of them", key=True,
            remedy="write `file: cabinets.csv`, or `url: https://…/{cabinet}`",
        )  # fmt: skip
    if sound and verify.column is not None and verify.file is None:
        yield source.problem(
            (*steps, "column"), code="verify", found='"column" without "file"', expected="`file`, which has the column",
            remedy="add the line `file: …`, or remove this one", key=True,
        )  # fmt: skip
    if verify.timeout.calendar.total_seconds() <= 0:
        yield source.problem(
            (*steps, "timeout"), code="duration", found="no time at all", expected="a length of time such as 3s",
            remedy="write how long a client may wait for the answer",
        )  # fmt: skip
    if verify.file is not None:
        yield from _list(source, verify.file, verify.column, pattern)
    if verify.url is not None:
        yield from _address(source, verify.url.strip())


def _list(source: Source, name: str, column: str | None, pattern: str | None) -> Iterator[Problem]:
    steps = ("cabinet", "verify", "file")
    file = list_file(source, name)
    if file is None:
        near = None if "://" in name else nearest(Path(name).name, files_beside(source, name))
        yield source.problem(
            steps, code="cabinet-list", found=f"no file {shown(name)}", nearest=near,
            expected="an existing CSV file; the path counts from this file's folder",
            remedy="write an address under `url`" if "://" in name
            else f"write {near}" if near else "put the list there, or correct the path",
        )  # fmt: skip
        return
    try:
        rows = read_table(file)
    except Unreadable as refused:
        yield source.problem(
            steps, code="cabinet-list", found=f"{shown(name)}: {refused}",
            expected="a table of text, with commas, semicolons or tabs between the columns, in UTF-8 or Windows-1251",
            remedy="save the list as CSV, and check the file's rights",
        )  # fmt: skip
        return
    ids = ids_of(rows, column)
    if ids is None:
        heads = [cell.strip() for cell in rows[0] if cell.strip()] if rows else []
        near = nearest(column or "", heads)
        yield source.problem(
            ("cabinet", "verify", "column"), code="cabinet-list", found=f"no column {shown(column)} in {shown(name)}",
            expected=one_of(heads), nearest=near,
            remedy=f"write {near}" if near else "write the name as it stands in the file's first line",
        )  # fmt: skip
    elif not ids:
        yield source.problem(
            steps, code="cabinet-list", found=f"{shown(name)}: no account id in it",
            expected="one account id in each line", remedy="fill the list: as it is, no client would be known",
        )  # fmt: skip
    elif pattern is not None and not any(re.fullmatch(pattern, each) for each in ids[:1000]):
        yield source.problem(
            steps, code="list-mismatch", found=f"{shown(name)}: {shown(ids[-1])} and the others do not match `pattern`",
            expected=f"account ids that {shown(pattern)} matches", severity=Severity.WARNING,
            remedy="name the right column under `column`, or correct `pattern`",
        )  # fmt: skip


def _address(source: Source, url: str) -> Iterator[Problem]:
    steps = ("cabinet", "verify", "url")
    if holds_secret(url):
        yield source.problem(
            steps, code="secret", found="an address with what looks like a password or a token in it",
            expected="no secrets in this file",
            remedy="use an address that needs none (a list inside your own network), or the list as a `file`; and "
            "revoke this one",
        )  # fmt: skip
        return
    try:
        parts = urlsplit(url)
        host, known = parts.hostname, parts.scheme in ("http", "https")
        parts.port  # noqa: B018  (it is read for the error it may raise)
    except ValueError:
        host, known = None, False
    if not known or not host:
        yield source.problem(
            steps, code="verify-url", found=shown(url), expected="an address such as https://example.com/ids/{cabinet}",
            remedy="write the whole address, with https:// before it",
        )  # fmt: skip
        return
    if placeholders(url) != ("cabinet",) or "{" in parts.netloc:
        yield source.problem(
            steps, code="verify-url", found=shown(url),
            expected="an address with {cabinet} after the host, and no other braces",
            remedy="write {cabinet} where the account id belongs: in the path, or in a parameter",
        )  # fmt: skip
    if parts.scheme == "http" and host not in _AT_HOME:
        yield source.problem(
            steps, code="plain-http", found=f"http to {shown(host)}: account ids travel readable to anyone on the way",
            expected="https, but for this very machine", remedy="write https:// if the other side has it",
            severity=Severity.WARNING,
        )  # fmt: skip
