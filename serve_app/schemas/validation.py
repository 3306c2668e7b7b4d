"""API models of validation and anonymizing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from serve_app.schemas.base import RequestModel, ResponseModel, Text, WirePath, absent
from serve_app.schemas.datasets.export import SkippedFileOut
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import METHOD_PATTERN
from serve_app.schemas.webhooks import AsynchronousBody

MetricNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]],
    Field(
        min_length=1, max_length=32, description="Metrics to report. If left out: the default ones."
    ),
]


class QualityBody(RequestModel):
    """An image whose quality to check."""

    model_config = ConfigDict(json_schema_extra=shown(examples.VALIDATE_QUALITY))

    image_path: WirePath
    metrics: MetricNames | None = None
    prompt: Annotated[Text, Field(max_length=2000)] | None = Field(
        default=None,
        description="Prompt, for metrics that measure how well the image fits it. If left out: the "
        "prompt in the image's recipe.",
    )


class WeaknessOut(ResponseModel):
    """Why an image failed: the lowest factor of its quality score."""

    factor: str = Field(description="Name of the factor (docs/metrics.md).")
    value: float = Field(description="Value of the factor, 0..1.")
    threshold: float = Field(
        description="Value of this factor at which the image would pass if the others stay the "
        "same; 1 if it would not pass even then. An estimate if the learned head contributed to "
        "the score."
    )
    advice: str = Field(description="How to make a better image, in one sentence.")


class QualityResponse(ResponseModel):
    """The quality verdict on an image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.QUALITY))

    image_path: str
    quality_score: float = Field(description="0..1.")
    metrics: dict[str, float]
    passed: bool
    weakest: WeaknessOut | None = Field(
        default=None, exclude_if=absent, description="Only there if the image did not pass."
    )


class PrivacyBody(RequestModel):
    """An image to check for faces and personal data."""

    model_config = ConfigDict(json_schema_extra=shown(examples.VALIDATE_PRIVACY))

    image_path: WirePath
    check_faces: bool = True
    check_text: bool = True


class PrivacyIssueOut(ResponseModel):
    """A privacy finding. Found text is masked."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: str
    box: tuple[int, int, int, int] | None = Field(
        default=None, description="x, y, width, height in pixels of the upright image."
    )
    confidence: float | None = Field(default=None, description="0..1.")
    text: str | None = None


class PrivacyResponse(ResponseModel):
    """The privacy verdict on an image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.PRIVACY))

    image_path: str
    privacy_score: int = Field(description="0..100, 100 is best.")
    faces_detected: int | None
    text_detected: bool | None
    pii_detected: bool
    issues: list[PrivacyIssueOut]
    passed: bool


class AnonymizeBody(RequestModel):
    """An image of which to make a copy with faces and personal data covered."""

    image_path: WirePath
    method: Annotated[str, Field(pattern=METHOD_PATTERN)] = Field(
        default="blur", description="How findings are covered: blur, pixelate or box."
    )


class AnonymizeResponse(ResponseModel):
    """The copy's path, and the privacy report on the copy."""

    image_path: str
    source_path: str
    method: str
    privacy: PrivacyResponse


class DatasetValidationBody(AsynchronousBody):
    """A dataset whose images to check."""

    dataset_dir: WirePath
    metrics: MetricNames | None = None
    check_faces: bool = True
    check_text: bool = True


class ValidatorSummary(ResponseModel):
    """The results of one check; passed + failed + errors is the number of images."""

    passed: int
    failed: int
    errors: int = Field(description="Number of images that could not be checked.")
    mean_score: float | None = Field(
        description="Mean score of the checked images; null if there are none."
    )
    reasons: dict[str, int] | None = Field(
        default=None,
        exclude_if=absent,
        description="Reason to number of failed images: the weakest factor of the quality score, "
        "or each type of privacy issue. Only there if images failed.",
    )


class ValidationFailure(ResponseModel):
    """An image that did not pass, or could not be checked."""

    image_path: str
    reason: str


class DatasetValidationResponse(ResponseModel):
    """The results of the checks of a dataset."""

    dataset_dir: str
    image_count: int
    quality: ValidatorSummary
    privacy: ValidatorSummary
    failures: list[ValidationFailure] = Field(
        description="Images that did not pass or could not be checked. The list may be cut; the "
        "counts are of all images."
    )
    skipped_count: int | None = Field(
        default=None,
        exclude_if=absent,
        description="Number of files in the folder that are not images. Only there if above 0.",
    )
    skipped: list[SkippedFileOut] | None = Field(
        default=None, exclude_if=absent, description="The first 100 of these files."
    )
