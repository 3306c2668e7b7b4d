"""`POST /validate/quality`, `/validate/privacy`, `/validate/dataset` and `/anonymize`."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from engines.errors import NotFound
from engines.types import PrivacyReport
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.datasets.validation import DatasetValidation
from serve_app.flow.connection import answer_within
from serve_app.flow.progress_stream import ALSO_LINES, OnProgress, answer
from serve_app.paths import DATASET_DIR, IMAGE
from serve_app.routing import ApiRoute
from serve_app.schemas.validation import (
    AnonymizeBody,
    AnonymizeResponse,
    DatasetValidationBody,
    DatasetValidationResponse,
    PrivacyBody,
    PrivacyResponse,
    QualityBody,
    QualityResponse,
)
from serve_app.schemas.validation_reports import privacy_response, quality_response

VALIDATOR_VERSION = "X-Validator-Version"

router = APIRouter(tags=["validation"], route_class=ApiRoute)
_JUDGES = [requires("validate", budget="validate", audit="image.validate")]


@router.post("/validate/quality", dependencies=_JUDGES)
async def validate_quality(
    body: QualityBody, request: Request, response: Response, context: InContext
) -> QualityResponse:
    """Check an image's quality. The verdict is stored beside the image."""
    key = context.paths.to_key(body.image_path, IMAGE)
    work = context.services.quality.validate(key, body.metrics, body.prompt)
    with context.paths.named(body.image_path, key, IMAGE):
        report = await answer_within(context.config.deadlines.validation_s, request, work)
    response.headers[VALIDATOR_VERSION] = report.validator_version
    return quality_response(report, context.paths)


@router.post("/validate/privacy", dependencies=_JUDGES)
async def validate_privacy(
    body: PrivacyBody, request: Request, response: Response, context: InContext
) -> PrivacyResponse:
    """Check an image for faces, text and personal data. The verdict is stored beside the image."""
    key = context.paths.to_key(body.image_path, IMAGE)
    work = context.services.privacy.validate(key, body.check_faces, body.check_text)
    with context.paths.named(body.image_path, key, IMAGE):
        report = await answer_within(context.config.deadlines.validation_s, request, work)
    response.headers[VALIDATOR_VERSION] = report.validator_version
    return privacy_response(report, context.paths)


@router.post(
    "/validate/dataset",
    dependencies=[requires("validate", "validate", "dataset.validate", job="validate.dataset")],
    response_model=DatasetValidationResponse,
    responses=ALSO_LINES,
)
async def validate_dataset(
    body: DatasetValidationBody, request: Request, context: InContext
) -> DatasetValidationResponse | StreamingResponse:
    """Check the quality and privacy of all images of a dataset. With `Accept:
    application/x-ndjson`, a line of progress per image is sent before the summary."""
    key = context.paths.to_key(body.dataset_dir, DATASET_DIR)
    validation = DatasetValidation(
        context.services,
        context.paths,
        context.config.dataset_validation,
        context.config.deadlines,
    )

    async def work(on_progress: OnProgress) -> DatasetValidationResponse:
        with context.paths.named(body.dataset_dir, key, DATASET_DIR):
            return await validation.run(key, body, on_progress)

    return await answer(request, work)


@router.post(
    "/anonymize",
    dependencies=[requires("validate", budget="validate", audit="image.anonymize")],
)
async def anonymize_image(
    body: AnonymizeBody,
    request: Request,
    response: Response,
    context: InContext,
) -> AnonymizeResponse:
    """Store a copy of an image, with faces and personal data covered, beside the image, and check
    the copy."""
    key = context.paths.to_key(body.image_path, IMAGE)
    copy_key = _copy_key(key, context.ids.unique())
    deadline_s = context.config.deadlines.validation_s
    with context.paths.named(body.image_path, key, IMAGE):
        async with context.storage_quota.room(context.caller) as room:
            work = _anonymized(context, key, body.method, copy_key)
            report = await answer_within(deadline_s, request, work)
            copy = await context.services.files.stat(report.key)
            room.add(report.key, copy.size_bytes)
    response.headers[VALIDATOR_VERSION] = report.validator_version
    return AnonymizeResponse(
        image_path=context.paths.to_wire(report.key),
        source_path=context.paths.to_wire(key),
        method=body.method,
        privacy=privacy_response(report, context.paths),
    )


async def _anonymized(context: Context, key: str, method: str, copy_key: str) -> PrivacyReport:
    """The report on the copy. An earlier run of the same request may have made the copy."""
    privacy = context.services.privacy
    if context.repeated:
        with suppress(NotFound):
            await context.services.files.stat(copy_key)
            return await privacy.validate(copy_key, True, True)
    return await privacy.anonymize(key, method, copy_key)


def _copy_key(key: str, unique: str) -> str:
    """Storage key of the copy: in the same folder, so that an export filtered by privacy includes
    the copy instead of the original."""
    folder, _, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}/{stem[:100]}_anonymized_{unique}.png"
