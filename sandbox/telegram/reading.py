"""Opens HTTP requests and writes answers, whatever the encoding."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.telegram.parameters import Parameters, Upload
from sandbox.telegram.refusals import bad_request


def answer(content: Any, status: int = 200) -> Response:
    """JSON in ASCII: a lone surrogate somebody sent stays what it was."""
    return Response(json.dumps(content), status_code=status, media_type="application/json")


@asynccontextmanager
async def parameters(request: Request, complain: Callable[[str], Exception] = bad_request) -> AsyncIterator[Parameters]:
    """Query and body together. File parts are spooled to disk and gone after the block."""
    values: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        try:
            form = await request.form()
        except HTTPException as trouble:
            raise complain(str(trouble.detail)) from None
        try:
            uploads: dict[str, Upload] = {}
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    uploads[name] = Upload(
                        name=value.filename or name,
                        mime=value.content_type,
                        size=value.size or 0,
                        content=value.file,
                    )
                else:
                    values[name] = value
            yield Parameters(values, uploads, complain)
        finally:
            await form.close()
        return
    if body := await request.body():
        try:
            content = json.loads(body)
        except ValueError:
            raise complain("can't parse JSON object") from None
        if not isinstance(content, dict):
            raise complain("expected a JSON object")
        values |= content
    yield Parameters(values, {}, complain)
