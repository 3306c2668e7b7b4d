"""`POST /verify`, `GET /marks/log`, and the signed sheets of datasets."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, JsonValue

from engines.errors import InvalidParameters
from engines.types.limits import NAME_PATTERN
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.files.uploads import upload_body, uploaded
from serve_app.flow.connection import answer_within
from serve_app.paths import IMAGE_FILE
from serve_app.routing import ApiRoute
from serve_app.schemas.base import QueryModel, WirePath
from serve_app.schemas.provenance import LogReport, SheetReport, SignedDataset, Verification

router = APIRouter(tags=["provenance"], route_class=ApiRoute)

DatasetName = Annotated[str, Path(pattern=NAME_PATTERN)]


class VerifyQuery(QueryModel):
    """The stored image to verify, if the body has none, and options."""

    path: WirePath | None = None
    watermark: bool = Field(
        default=False, description="Whether to search the pixels for a watermark too (about 1 s)."
    )


@router.post(
    "/verify",
    dependencies=[requires("read", budget="validate", audit="image.verify")],
    openapi_extra=upload_body(required=False),
)
async def verify_image(
    request: Request, query: Annotated[VerifyQuery, Query()], context: InContext
) -> Verification:
    """Read and verify the C2PA mark of the image in the body, or of the stored image `path`.
    Nothing is stored."""
    content = await uploaded(request, context.config.bodies.max_upload_bytes)
    if bool(content) == (query.path is not None):
        constraint = "an image in the body or path, one of the two"
        raise InvalidParameters.of("path", query.path, constraint, f"must be {constraint}")
    deadline_s, provenance = context.config.deadlines.validation_s, context.services.provenance
    if query.path is None:
        work = provenance.verify(content, query.watermark)
        found = await answer_within(deadline_s, request, work)
    else:
        key = context.paths.to_key(query.path, IMAGE_FILE)
        with context.paths.named(query.path, key, IMAGE_FILE):
            work = provenance.verify_stored(key, query.watermark)
            found = await answer_within(deadline_s, request, work)
    return _verification(found, context)


@router.get("/marks/log", dependencies=[requires("read", budget="validate")])
async def check_log_of_marks(request: Request, context: InContext) -> LogReport:
    """Check the whole log of marks for changed and removed lines."""
    work = context.services.provenance.check_log()
    found = await answer_within(context.config.deadlines.profile_s, request, work)
    return LogReport.model_validate(found)


@router.post(
    "/datasets/{name}/sign",
    dependencies=[requires("write", "export", "dataset.sign", job="dataset.sign")],
)
async def sign_dataset(request: Request, name: DatasetName, context: InContext) -> SignedDataset:
    """Write a signed data sheet with counts, models, versions and the digest of every file. For a
    large dataset use a job (`Prefer: respond-async`)."""
    work = context.services.datasets.sign(name)
    sheet = await answer_within(context.config.deadlines.export_s, request, work)
    return SignedDataset(
        name=name,
        sheet_path=context.paths.to_wire(sheet.key),
        file_count=sheet.file_count,
        size_bytes=sheet.size_bytes,
        digest=sheet.digest,
        signature="development" if sheet.is_development else "own",
        summary=dict(sheet.summary),
    )


@router.get("/datasets/{name}/sheet", dependencies=[requires("read", budget="export")])
async def check_dataset(request: Request, name: DatasetName, context: InContext) -> SheetReport:
    """Compare a dataset with its signed sheet: which files were added, lost or changed. Reads all
    files."""
    work = context.services.provenance.check_sheet(name)
    found = await answer_within(context.config.deadlines.export_s, request, work)
    return SheetReport.model_validate(found)


def _verification(found: dict[str, JsonValue], context: Context) -> Verification:
    log = found.get("log")
    if isinstance(log, dict):
        line = {name: value for name, value in log.items() if name != "key"}
        found = {**found, "log": {**line, "path": context.paths.to_wire(str(log.get("key")))}}
    return Verification.model_validate({**found, "summary": summary_of(found)})


_SIGNERS = {
    "trusted": "by a certificate that this service trusts",
    "development": "by a development key that nobody else trusts",
    "unknown": "by a signer that is not known here",
}


def summary_of(found: dict[str, JsonValue]) -> str:
    """A verification as a sentence, or as two if a watermark was searched for."""
    carried = found.get("watermark")
    if not isinstance(carried, dict):
        return _of_mark(found)
    verb = "carry" if carried["found"] else "do not carry"
    return f"{_of_mark(found)} Its pixels {verb} the watermark of this service."


def _of_mark(found: dict[str, JsonValue]) -> str:
    if found["mark"] == "absent":
        if not found["recipe"]:
            return "The file has no mark."
        return "The file has no mark, but it has a recipe: it was not marked, or lost its mark."
    if found["mark"] == "unreadable" or found["signature"] == "invalid":
        return "The mark was damaged or forged: do not trust anything that it says."
    signer = _SIGNERS[cast(str, found["signature"])]
    if found["changed"]:
        return f"The file was changed after it was marked {signer}."
    if not found["made_by_ai"]:
        return f"The file is as it was marked {signer}; the mark does not say that AI made it."
    return f"The file was made by AI and is as it was marked {signer}."
