"""`GET /images`, `POST /images` and `GET /exports`: bytes for clients on other machines."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile

from engines.errors import InvalidParameters, PayloadTooLarge
from engines.types.image_formats import IMAGE_MEDIA_TYPES
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.downloads import Download
from serve_app.paths import EXPORT_FILE, IMAGE_FILE, Field
from serve_app.routing import ApiRoute
from serve_app.schemas.base import Name, QueryModel, WirePath
from serve_app.schemas.library import UploadResponse

router = APIRouter(tags=["files"], route_class=ApiRoute)

MEDIA_TYPES = {
    **IMAGE_MEDIA_TYPES,
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".tar": "application/x-tar",
}
OTHER_MEDIA_TYPE = "application/octet-stream"


class PathQuery(QueryModel):
    path: WirePath


class UploadQuery(QueryModel):
    folder: Name | None = None


_UPLOAD_BODY = {
    "required": True,
    "content": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
    },
}


def _binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media_types, schema), "description": "The bytes"}}


@router.get(
    "/images",
    dependencies=[requires("read")],
    response_class=StreamingResponse,
    responses=_binary("image/*", "application/json", OTHER_MEDIA_TYPE),
)
async def get_image(query: Annotated[PathQuery, Query()], context: InContext) -> Download:
    """An image, or the recipe or verdict beside it."""
    return await _file(context, query.path, IMAGE_FILE)


@router.get(
    "/exports",
    dependencies=[requires("read")],
    response_class=StreamingResponse,
    responses=_binary("*/*"),
)
async def get_export(query: Annotated[PathQuery, Query()], context: InContext) -> Download:
    """An exported file."""
    return await _file(context, query.path, EXPORT_FILE)


@router.post(
    "/images",
    dependencies=[requires("write", budget="upload", audit="image.upload")],
    openapi_extra={"requestBody": _UPLOAD_BODY},
)
async def upload_image(
    request: Request, query: Annotated[UploadQuery, Query()], context: InContext
) -> UploadResponse:
    """Store a real picture, to validate or profile: as the body itself, or as a form's file."""
    content = await _content(request, context.config.bodies.max_upload_bytes)
    key = await context.services.files.upload_image(content, query.folder)
    return UploadResponse(image_path=context.paths.to_wire(key), size_bytes=len(content))


async def _content(request: Request, max_bytes: int) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        content = await request.body()
    else:
        async with request.form(max_files=1, max_fields=8) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            content = await files[0].read() if files else b""
    if len(content) > max_bytes:
        raise PayloadTooLarge(max_bytes)
    if not content:
        raise InvalidParameters.of("image", None, "a decodable image", "is empty")
    return content


async def _file(context: Context, path: str, field: Field) -> Download:
    key = context.paths.to_key(path, field)
    with context.paths.named(path, key, field):
        stat = await context.services.files.stat(key)
        chunks = context.services.files.read(key)
        # The first chunk is read before the status goes out: what fails early fails cleanly.
        first = await anext(chunks, b"")
    name = PurePosixPath(key).name
    headers = {
        "Content-Length": str(stat.size_bytes),
        "ETag": f'"{stat.etag.strip(chr(34))}"',
        "Last-Modified": stat.modified_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        # Uploaded bytes are strangers' bytes: no browser shall take them for a page.
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    media_type = MEDIA_TYPES.get(PurePosixPath(key).suffix.lower(), OTHER_MEDIA_TYPE)
    return Download(first, chunks, headers=headers, media_type=media_type)
