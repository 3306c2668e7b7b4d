"""`/images` and `/exports`: download, upload and delete files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from engines.errors import InvalidParameters, JsonValue
from engines.types.datasets.datasets import DatasetUpload
from engines.types.datasets.labels import MAX_LABELS
from engines.types.image_formats import IMAGE_SUFFIXES
from engines.types.names import NewName
from serve_app.access.policy import requires
from serve_app.access.tickets import MAX_TICKET_CHARS, Owner
from serve_app.context import InContext
from serve_app.files.answers import (
    OTHER_MEDIA_TYPE,
    file_answer,
    splits_named,
    thumbnail_answer,
)
from serve_app.files.uploads import not_empty, upload_body, uploaded
from serve_app.flow.deadlines import within
from serve_app.paths import EXPORT_FILE, IMAGE_FILE
from serve_app.routing import ApiRoute, Responses
from serve_app.schemas.base import ErrorEnvelope, QueryModel, Text, WirePath
from serve_app.schemas.datasets.looking import LabelText, Side
from serve_app.schemas.library import Deleted, Ticket, UploadResponse

router = APIRouter(tags=["files"], route_class=ApiRoute)


class PathQuery(QueryModel):
    """A path on the service."""

    path: WirePath


class DownloadQuery(PathQuery):
    """The file to download, and how."""

    redirect: bool = Field(
        default=False,
        description="Answer 307 with a URL of the S3 server of the data root. If the data root is "
        "a folder, `true` is refused with 400.",
    )


class ExportQuery(DownloadQuery):
    """The exported file to download, and optionally a ticket."""

    ticket: Annotated[str, StringConstraints(max_length=MAX_TICKET_CHARS)] | None = Field(
        default=None,
        description="Instead of an API key: a ticket of `POST /exports/ticket` for this `path`.",
    )


class ImageQuery(DownloadQuery):
    """The image to download, and the size of the copy."""

    side: Side | None = Field(
        default=None,
        description="Get a small WebP copy whose longer side has at most this many pixels: 64, "
        "128, 256 or 512. If left out: the image itself.",
    )


class UploadQuery(QueryModel):
    """Where to store an upload, and its description."""

    folder: NewName | None = Field(
        default=None, description="Folder below `uploads/`. If left out: directly in `uploads/`."
    )
    dataset: NewName | None = Field(
        default=None, description="Dataset to which the image is added, instead of `folder`."
    )
    label: Annotated[list[LabelText], Field(max_length=MAX_LABELS)] = Field(
        default=[],
        description="Label as `name:value`; only with `dataset`. Repeat the parameter for several "
        "labels.",
    )
    prompt: Annotated[Text, Field(min_length=1, max_length=2000)] | None = Field(
        default=None, description="Caption of the image; only with `dataset`."
    )

    def into_dataset(self) -> DatasetUpload | None:
        """The upload to a dataset; None for an upload to a folder.

        Raises:
            InvalidParameters: the parameters contradict each other.
        """
        labels = dict(text.split(":", 1) for text in self.label)
        if len(labels) < len(self.label):
            raise _refused("label", [*self.label], "one value of each label")
        if self.dataset is not None:
            if self.folder is not None:
                raise _refused("folder", self.folder, "absent where `dataset` is given")
            return DatasetUpload(self.dataset, self.prompt, labels)
        if self.label:
            raise _refused("label", [*self.label], "given together with `dataset`")
        if self.prompt is not None:
            raise _refused("prompt", self.prompt, "given together with `dataset`")
        return None


def _refused(parameter: str, value: JsonValue, constraint: str) -> InvalidParameters:
    return InvalidParameters.of(parameter, value, constraint, f"must be {constraint}")


def _binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media_types, schema), "description": "The bytes"}}


_REDIRECTED: Responses = {
    307: {"description": "With `redirect=true`: a temporary URL of the file."}
}
_PARTS: Responses = {
    206: {"description": "The bytes of the requested `Range`."},
    304: {"description": "The client has this version already."},
    416: {"model": ErrorEnvelope, "description": "`Range` is outside the file."},
}


@router.get(
    "/images",
    dependencies=[requires("read", budget="read")],
    response_class=Response,
    responses={**_binary("image/*", "application/json", OTHER_MEDIA_TYPE), **_PARTS, **_REDIRECTED},
)
async def get_image(
    request: Request,
    query: Annotated[ImageQuery, Query()],
    context: InContext,
) -> Response:
    """Download an image, or a small copy of it (`side`), or a recipe or verdict beside it. Supports
    `Range` and conditional requests."""
    if query.side is not None:
        return await thumbnail_answer(request, context, query.path, IMAGE_FILE, query.side)
    return await file_answer(request, context, query.path, IMAGE_FILE, query.redirect)


@router.get(
    "/exports",
    dependencies=[requires("read", budget="read")],
    response_class=Response,
    responses={**_binary(OTHER_MEDIA_TYPE, "*/*"), **_PARTS, **_REDIRECTED},
)
async def get_export(
    request: Request,
    query: Annotated[ExportQuery, Query()],
    context: InContext,
) -> Response:
    """Download an exported file. Supports `Range` and conditional requests. An export with splits
    has a file for each split, and none at `output_file`: the error 404 names them."""
    async with splits_named(context, query.path, EXPORT_FILE):
        return await file_answer(request, context, query.path, EXPORT_FILE, query.redirect)


@router.post(
    "/exports/ticket", dependencies=[requires("read", budget="read", audit="export.ticket")]
)
async def make_export_ticket(query: Annotated[PathQuery, Query()], context: InContext) -> Ticket:
    """Make a ticket with which a browser can download one exported file, and resume the download
    (`Range`), until the ticket expires.

    For downloads by links: a browser cannot send an API key in a header for them, and a key in a
    URL would be written to logs.
    """
    key = context.paths.to_key(query.path, EXPORT_FILE)
    async with splits_named(context, query.path, EXPORT_FILE):
        with context.paths.named(query.path, key, EXPORT_FILE):
            await context.services.files.stat(key)
    owner = Owner(context.caller.key_hash, context.audit.space)
    life_s = float(context.config.downloads.ticket_s)
    ticket = await context.tickets.issue_download(owner, query.path, life_s)
    return Ticket(ticket=ticket, expires_in_s=life_s)


@router.delete("/images", dependencies=[requires("delete", audit="image.delete")])
async def delete_image(query: Annotated[PathQuery, Query()], context: InContext) -> Deleted:
    """Delete an image with its recipe, verdicts and annotations."""
    key = context.paths.to_key(query.path, IMAGE_FILE)
    if not key.lower().endswith(IMAGE_SUFFIXES):
        constraint = "an image: " + ", ".join(IMAGE_SUFFIXES)
        raise InvalidParameters.of("path", query.path, constraint, "must name an image")
    with context.paths.named(query.path, key, IMAGE_FILE):
        work = context.services.files.delete_image(key)
        await within(context.config.deadlines.lookup_s, work)
    await context.storage_quota.forget(key)
    return Deleted(name=context.paths.to_wire(key))


@router.delete("/exports", dependencies=[requires("delete", audit="export.delete")])
async def delete_export(query: Annotated[PathQuery, Query()], context: InContext) -> Deleted:
    """Delete an exported file with its cards, or a folder of shards."""
    key = context.paths.to_key(query.path, EXPORT_FILE)
    with context.paths.named(query.path, key, EXPORT_FILE):
        work = context.services.files.delete_export(key)
        await within(context.config.deadlines.lookup_s, work)
    await context.storage_quota.forget(key)
    return Deleted(name=context.paths.to_wire(key))


@router.post(
    "/images",
    dependencies=[requires("write", budget="upload", audit="image.upload")],
    openapi_extra=upload_body(),
)
async def upload_image(
    request: Request,
    query: Annotated[UploadQuery, Query()],
    context: InContext,
) -> UploadResponse:
    """Upload an image, for validation or profiles, or to a dataset with labels.

    The file is the body itself, or a file in a form. If a file is uploaded again to the same
    dataset, only its labels and prompt are replaced.
    """
    into = query.into_dataset()
    content = not_empty(await uploaded(request, context.config.bodies.max_upload_bytes))
    files = context.services.files
    async with context.storage_quota.room(context.caller, len(content)) as room:
        if into is None:
            key = await files.upload_image(content, query.folder, context.ids.unique())
        else:
            key = await files.upload_into(content, into)
            await context.storage_quota.forget(key)  # if it existed, it was counted before
        room.add(key, len(content))
    return UploadResponse(image_path=context.paths.to_wire(key), size_bytes=len(content))
