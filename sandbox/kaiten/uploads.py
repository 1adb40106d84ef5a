"""Reading a multipart body: the plain fields, and the files streamed to disk."""

import asyncio
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sandbox.kaiten.company import Company
from sandbox.kaiten.file_store import Upload
from sandbox.kaiten.http import json_body, multipart
from sandbox.kaiten.problems import bad_request
from sandbox.kaiten.shapes import JsonObject


async def read_form(request: Request, company: Company, *, file_field: str) -> tuple[JsonObject, list[Upload]]:
    """A multipart body, or a JSON one without files. Files under another field name are ignored.

    Each file lies in the company's directory already; who refuses the request discards it.
    """
    if not multipart(request):
        return await json_body(request), []
    fields: JsonObject = {}
    uploads: list[Upload] = []
    try:
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, str):
                    fields[name] = _plain(name, value)
                elif name == file_field:
                    uploads.append(await _store(value, company.files_directory))
    except HTTPException as broken:
        raise bad_request(f"broken multipart body: {broken.detail}") from None
    return fields, uploads


def _plain(name: str, value: str) -> object:
    """Form fields are strings; the two that are not text are read as JSON would write them."""
    if name == "internal" and value in ("true", "false"):
        return value == "true"
    if name == "type" and value.isdecimal():
        return int(value)
    return value


async def _store(part: UploadFile, directory: Path) -> Upload:
    path = directory / uuid.uuid4().hex
    size = await asyncio.to_thread(_copy, part.file, path)
    return Upload(name=part.filename or "file", mime_type=part.content_type, path=path, size=size)


def _copy(source: BinaryIO, target: Path) -> int:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)
        return file.tell()
