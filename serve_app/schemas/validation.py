"""Validation and anonymizing on the wire."""

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
    Field(min_length=1, max_length=32, description="Metrics to report; the default set if absent."),
]


class QualityBody(RequestModel):
    """An image to judge for quality."""

    model_config = ConfigDict(json_schema_extra=shown(examples.VALIDATE_QUALITY))

    image_path: WirePath
    metrics: MetricNames | None = None
    prompt: Annotated[Text, Field(max_length=2000)] | None = Field(
        default=None,
        description="Prompt to judge agreement with, for metrics that need one; if absent, the "
        "prompt of the image's recipe.",
    )


class WeaknessOut(ResponseModel):
    """Why an image failed: the least factor of its score."""

    factor: str = Field(description="Name, as in docs/metrics.md.")
    value: float = Field(description="0..1, by the formula, whose score is the product of all.")
    threshold: float = Field(
        description="Value at which the image would pass with all others as they are; 1 where it "
        "cannot make up for the others; an estimate where the learned head had a say."
    )
    advice: str = Field(description="One plain sentence.")


class QualityResponse(ResponseModel):
    """Quality of an image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.QUALITY))

    image_path: str
    quality_score: float = Field(description="0..1.")
    metrics: dict[str, float]
    passed: bool
    weakest: WeaknessOut | None = Field(
        default=None, exclude_if=absent, description="There only if the image did not pass."
    )


class PrivacyBody(RequestModel):
    """An image to look through for faces and personal data."""

    model_config = ConfigDict(json_schema_extra=shown(examples.VALIDATE_PRIVACY))

    image_path: WirePath
    check_faces: bool = True
    check_text: bool = True


class PrivacyIssueOut(ResponseModel):
    """One finding; found text is masked."""

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
    """Privacy of an image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.PRIVACY))

    image_path: str
    privacy_score: int = Field(description="0..100, 100 is best.")
    faces_detected: int | None
    text_detected: bool | None
    pii_detected: bool
    issues: list[PrivacyIssueOut]
    passed: bool


class AnonymizeBody(RequestModel):
    """An image to make a copy of, without faces and personal data."""

    image_path: WirePath
    method: Annotated[str, Field(pattern=METHOD_PATTERN)] = Field(
        default="blur", description='How found regions are covered, such as "blur".'
    )


class AnonymizeResponse(ResponseModel):
    """The copy's path, and the privacy report on the copy."""

    image_path: str
    source_path: str
    method: str
    privacy: PrivacyResponse


class DatasetValidationBody(AsynchronousBody):
    """A dataset whose images are all judged."""

    dataset_dir: WirePath
    metrics: MetricNames | None = None
    check_faces: bool = True
    check_text: bool = True


class ValidatorSummary(ResponseModel):
    """One validator over the dataset; passed + failed + errors is the image count."""

    passed: int
    failed: int
    errors: int = Field(description="Images that could not be judged.")
    mean_score: float | None = Field(description="Over the judged; null if there are none.")
    reasons: dict[str, int] | None = Field(
        default=None,
        exclude_if=absent,
        description="Of the failed, how many for which reason: the weakest factor of the quality "
        "score, every type of privacy issue. There only if any failed.",
    )


class ValidationFailure(ResponseModel):
    """An image that did not pass, or could not be judged."""

    image_path: str
    reason: str


class DatasetValidationResponse(ResponseModel):
    """Verdicts on a dataset, counted."""

    dataset_dir: str
    image_count: int
    quality: ValidatorSummary
    privacy: ValidatorSummary
    failures: list[ValidationFailure] = Field(
        description="Images that did not pass or could not be judged; cut, the counts are whole."
    )
    skipped_count: int | None = Field(
        default=None,
        exclude_if=absent,
        description="Files in the folder that are no images. There only if it is above 0.",
    )
    skipped: list[SkippedFileOut] | None = Field(
        default=None, exclude_if=absent, description="The first 100 of them."
    )
