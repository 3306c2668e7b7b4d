"""Shapes of the service's answers, as the API reference prints them.

They are plain dicts at run time: `answer["image_path"]` works, and an answer of a newer server
keeps its extra keys. Paths are the server's ("/data/..."), sizes are in bytes, times ISO 8601 UTC.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.export_answers import ExportFailure as ExportFailure
from inferloop_synthdata.export_answers import ExportFilter as ExportFilter
from inferloop_synthdata.export_answers import ExportReport as ExportReport
from inferloop_synthdata.export_answers import S3ExportReport as S3ExportReport
from inferloop_synthdata.export_answers import ShardedExportReport as ShardedExportReport
from inferloop_synthdata.export_answers import SkippedFile as SkippedFile
from inferloop_synthdata.webhook_answers import Delivery


class GenerationParameters(TypedDict):
    """What the image was really made with; `seed` and `negative_prompt` where they apply."""

    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    negative_prompt: NotRequired[str | None]
    seed: NotRequired[int]


class Verdicts(TypedDict):
    """On an image that had to meet `require`; of what was required."""

    quality: NotRequired[QualityVerdict]
    privacy: NotRequired[PrivacyVerdict]


class GeneratedImage(TypedDict):
    """Answer of `generate_image`."""

    image_path: str
    prompt: str
    parameters: GenerationParameters
    verdicts: NotRequired[Verdicts]
    tries: NotRequired[int]
    served_model: NotRequired[str]
    """The model that really made it (the answer's `X-Served-Model` header)."""


class BatchImage(TypedDict):
    """One image of a batch."""

    image_path: str
    prompt: str
    seed: NotRequired[int]
    verdicts: NotRequired[Verdicts]
    tries: NotRequired[int]


class GeneratedBatch(TypedDict):
    """Answer of `generate_batch`: images in the order of their prompts."""

    batch_id: str
    images: list[BatchImage]
    parameters: GenerationParameters
    served_model: NotRequired[str]


class JobProgress(TypedDict):
    """Steps of one image, or images of a batch or dataset."""

    done: int
    total: int


class JobEta(TypedDict):
    """When a job is expected to end."""

    seconds: float
    """From now."""
    basis: str
    """How that was estimated."""


class ErrorOut(TypedDict):
    """An error as the service's envelope shows it."""

    code: str
    message: str
    details: dict[str, JsonValue]


class Job(TypedDict):
    """A request that outlives its connection."""

    id: str
    kind: str
    state: Literal["queued", "running", "succeeded", "failed", "canceled"]
    priority: Literal["low", "normal", "high"]
    tries: int
    created_at: str
    dataset: NotRequired[str]
    progress: NotRequired[JobProgress]
    position: NotRequired[int]
    """While it is queued: 1 is next."""
    eta: NotRequired[JobEta]
    started_at: NotRequired[str]
    ended_at: NotRequired[str]
    expires_at: NotRequired[str]
    result: NotRequired[dict[str, JsonValue]]
    """What a waiting call would have returned."""
    error: NotRequired[ErrorOut]
    deliveries: NotRequired[list[Delivery]]
    """Of its webhook."""
    links: dict[str, str]


class JobList(TypedDict):
    """The newest first."""

    jobs: list[Job]
    next_cursor: NotRequired[str]


class Weakness(TypedDict):
    """Why an image failed: the least factor of its quality score."""

    factor: str
    value: float
    """0..1."""
    threshold: float
    """Value at which the image would pass with all others as they are."""
    advice: str


class QualityVerdict(TypedDict):
    """Answer of `validate_quality`."""

    image_path: str
    quality_score: float
    """0..1."""
    metrics: dict[str, float]
    passed: bool
    weakest: NotRequired[Weakness]
    """Only of an image that did not pass."""


class PrivacyIssue(TypedDict):
    """One finding; a text that was found is masked."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: NotRequired[str]
    box: NotRequired[list[int] | None]
    """x, y, width, height in pixels of the upright image."""
    confidence: NotRequired[float | None]
    """0..1."""
    text: NotRequired[str | None]


class PrivacyVerdict(TypedDict):
    """Answer of `validate_privacy`."""

    image_path: str
    privacy_score: int
    """0..100, 100 is best."""
    faces_detected: int | None
    text_detected: bool | None
    pii_detected: bool
    issues: list[PrivacyIssue]
    passed: bool


class Anonymized(TypedDict):
    """Answer of `anonymize`."""

    image_path: str
    """The copy."""
    source_path: str
    method: str
    privacy: PrivacyVerdict
    """On the copy."""


class ValidatorSummary(TypedDict):
    """One validator over a dataset; passed + failed + errors is the image count."""

    passed: int
    failed: int
    errors: int
    mean_score: float | None
    reasons: NotRequired[dict[str, int]]
    """How many failed for which reason; only where any failed."""


class ValidationFailure(TypedDict):
    """An image that did not pass, or could not be judged."""

    image_path: str
    reason: str


class DatasetVerdict(TypedDict):
    """Answer of `validate_dataset`: verdicts, counted."""

    dataset_dir: str
    image_count: int
    quality: ValidatorSummary
    privacy: ValidatorSummary
    failures: list[ValidationFailure]
    skipped_count: NotRequired[int]
    """Files in the folder that are no images; only where there are any."""
    skipped: NotRequired[list[SkippedFile]]


class ProfileSummary(TypedDict):
    """A profile in a list."""

    name: str
    created_at: str
    sample_count: int
    path: str


class ProfileList(TypedDict):
    """Answer of `list_profiles`."""

    profiles: list[ProfileSummary]


class Profile(TypedDict):
    """A profile with its statistics."""

    name: str
    created_at: str
    updated_at: str
    sample_count: int
    path: str
    statistics: dict[str, JsonValue]


class ProfileComparison(TypedDict):
    """How alike two sets of images are."""

    conformance: float
    """0..100, 100 is alike."""
    distances: dict[str, float]
    left: str
    right: str


class UploadedImage(TypedDict):
    """Where an upload was stored."""

    image_path: str
    size_bytes: NotRequired[int]


class Dataset(TypedDict):
    """A dataset: how many images it holds, and their verdicts."""

    name: str
    path: str
    image_count: int
    size_bytes: int
    updated_at: str | None
    verdicts: dict[str, int]


class Model(TypedDict):
    """A model that the service serves."""

    id: str
    """What `model_id` takes."""


class ModelList(TypedDict):
    """Answer of `list_models`."""

    data: list[Model]


class Health(TypedDict):
    """Answer of `check_ready`."""

    status: str


class DatasetList(TypedDict):
    """Answer of `list_datasets`."""

    datasets: list[Dataset]


class DatasetReport(TypedDict):
    """A report: docs/evidence.md says what each figure means."""

    format: str
    name: str
    made_at: str
    images: int
    size_bytes: int
    version: str | None
    digest: str | None
    verdicts: dict[str, int]
    labels: list[dict[str, object]]
    histograms: dict[str, dict[str, object]]
    reasons: dict[str, int]
    failing_count: int
    failing: list[dict[str, object]]
    near_duplicates: dict[str, object] | None
    reference: dict[str, object] | None
    comparison: dict[str, object] | None
    made_by: dict[str, dict[str, int]]
    settings: dict[str, object]
    not_looked_at: list[str]
