"""The answer to a request for a stored file: the whole file, a part of it, "not modified", or a
redirect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from engines.errors import Details, InvalidParameters, NotFound
from engines.types import ObjectStat
from engines.types.image_formats import IMAGE_MEDIA_TYPES
from serve_app.context import Context
from serve_app.errors import to_wire
from serve_app.files.downloads import Download
from serve_app.files.ranges import Part, http_date, wanted_part
from serve_app.paths import Field

MEDIA_TYPES = {
    **IMAGE_MEDIA_TYPES,
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".tar": "application/x-tar",
}
OTHER_MEDIA_TYPE = "application/octet-stream"
_NAMED = 10
"""How many files of splits a message names."""


async def file_answer(
    request: Request, context: Context, path: str, field: Field, redirect: bool
) -> Response:
    """The file at the client's `path`, as the method and the headers of the request ask for it."""
    key = context.paths.to_key(path, field)
    with context.paths.named(path, key, field):
        stat = await context.services.files.stat(key)
        if redirect:
            return await _elsewhere(context, key)
        headers = _headers(stat)
        part = wanted_part(request.headers, stat.size_bytes, headers["ETag"], stat.modified_at)
        headers |= part.headers(stat.size_bytes)
        if part.status == 416:
            return _not_in_range(request, stat, headers)
        media_type = MEDIA_TYPES.get(PurePosixPath(key).suffix.lower(), OTHER_MEDIA_TYPE)
        if part.status == 304 or request.method == "HEAD":
            return Response(None, part.status, headers, media_type)
        return await _content(context, key, part, headers, media_type)


class OnlySplits(NotFound):
    """The target of an export with splits, which is not a file itself."""

    def __init__(self, kind: str, name: str, files: Sequence[str]) -> None:
        """`files`: the paths of the files of the splits, for the client."""
        super().__init__(kind, name)
        self.args = (kind, name, files)
        self.files = files

    @property
    def message(self) -> str:
        """What was asked for, and the files that were written in its place."""
        listed = ", ".join(self.files[:_NAMED])
        more = f" and {len(self.files) - _NAMED} more" if len(self.files) > _NAMED else ""
        return f"{super().message}: this export has a file for each split: {listed}{more}"

    @property
    def details(self) -> Details:
        """As for `NotFound`, and `files`: the paths of all files."""
        return {**super().details, "files": list(self.files)}


@asynccontextmanager
async def splits_named(context: Context, path: str, field: Field) -> AsyncIterator[None]:
    """Raise `OnlySplits` in place of a `NotFound` of the block if the export at the client's `path`
    was written with splits."""
    try:
        yield
    except NotFound as error:
        key = context.paths.to_key(path, field)
        files = await context.services.files.files_of_export(key)
        if not files or key in files:  # In the second case it had no splits, and is gone.
            raise
        named = [context.paths.to_wire(key) for key in files]
        raise OnlySplits(error.kind, error.name, named) from error


async def thumbnail_answer(
    request: Request, context: Context, path: str, field: Field, side_px: int
) -> Response:
    """A small copy of the image at the client's `path`, or 304 if the client already has it."""
    key = context.paths.to_key(path, field)
    with context.paths.named(path, key, field):
        stat = await context.services.files.stat(key)
        headers = _headers(stat)
        headers["ETag"] = f'{headers["ETag"][:-1]}-{side_px}"'
        del headers["Accept-Ranges"]
        part = wanted_part(request.headers, 0, headers["ETag"], stat.modified_at)
        if part.status == 304:
            return Response(None, 304, headers)
        content = await context.services.files.thumbnail(stat, side_px)
    return Response(content, 200, headers, "image/webp")


async def _content(
    context: Context, key: str, part: Part, headers: dict[str, str], media_type: str
) -> Response:
    chunks = context.services.files.read(key, part.start, part.length)
    # The first chunk is read before the status is sent, so that early errors have a status.
    first = await anext(chunks, b"")
    hold = context.download_quota.hold(context.caller.key_hash)
    return Download(first, chunks, part.status, headers, media_type, hold=hold)


async def _elsewhere(context: Context, key: str) -> Response:
    url = await context.services.files.presign(key, context.config.downloads.presigned_s)
    if url is None:
        reason = "must be false: the data root is a folder, which has no URLs of its own"
        raise InvalidParameters.of("redirect", True, "false", reason)
    # This URL gives access without a key, so no cache may keep it.
    return RedirectResponse(url, 307, {"Cache-Control": "private, no-store"})


def _headers(stat: ObjectStat) -> dict[str, str]:
    name = PurePosixPath(stat.key).name
    return {
        "ETag": f'"{stat.etag.strip(chr(34))}"',
        "Last-Modified": http_date(stat.modified_at),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        # Uploaded bytes are not trusted: no browser may treat them as a page.
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def _not_in_range(request: Request, stat: ObjectStat, headers: dict[str, str]) -> Response:
    """416, in the error envelope."""
    asked = request.headers.get("range", "")[:200]
    constraint = f"bytes within 0..{stat.size_bytes - 1}"
    wrong = InvalidParameters.of("Range", asked, constraint, "lies outside the file")
    content = json.dumps({"error": to_wire(wrong).as_object()})
    kept = {"Content-Range": headers["Content-Range"], "ETag": headers["ETag"]}
    return Response(content, 416, kept, "application/json")
