"""Uploaded images: the body of a request, or a file in a form."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from engines.errors import InvalidParameters, PayloadTooLarge

_BINARY = {"type": "string", "format": "binary"}


def upload_body(required: bool = True) -> dict[str, Any]:
    """The description of the request body for OpenAPI."""
    form = {"type": "object", "properties": {"file": _BINARY}, "required": ["file"]}
    content = {"image/*": {"schema": _BINARY}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": required, "content": content}}


async def uploaded(request: Request, max_bytes: int) -> bytes:
    """The bytes of the image; empty if there are none.

    Raises `PayloadTooLarge` above `max_bytes`, `InvalidParameters` for a form with two files.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        content = await request.body()
    else:
        content = await _file_of_form(request)
    if len(content) > max_bytes:
        raise PayloadTooLarge(max_bytes)
    return content


async def _file_of_form(request: Request) -> bytes:
    try:
        async with request.form(max_files=1, max_fields=8) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            return await files[0].read() if files else b""
    except HTTPException:  # Starlette raises it for a form that it cannot read.
        reason = "must be a form with one file and at most 8 other fields"
        raise InvalidParameters.of("body", None, "a form with one file", reason) from None


def not_empty(content: bytes) -> bytes:
    """The bytes unchanged. Raises `InvalidParameters` if they are empty."""
    if not content:
        raise InvalidParameters.of("image", None, "a decodable image", "is empty")
    return content
