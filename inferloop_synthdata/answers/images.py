"""Answers about images, datasets, models and profiles."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.answers.exports import SkippedFile
from inferloop_synthdata.errors import JsonValue


class GenerationParameters(Answer):
    """The parameters with which the image was made. For a batch, `seed` and `negative_prompt` are
    None if the request did not have them."""

    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    negative_prompt: str | None
    seed: int | None


class Verdicts(Answer):
    """The verdicts on an image with `require`. Checks that were not required are None."""

    quality: QualityVerdict | None
    privacy: PrivacyVerdict | None
    conformance: float | None
    """Similarity to the required profile, 0..100; 100: equal statistics."""


class GeneratedImage(Answer):
    """Answer of `generate_image`."""

    image_path: str
    prompt: str
    parameters: GenerationParameters
    verdicts: Verdicts | None
    tries: int | None
    served_model: str | None
    """The model that really made the image (the answer's `X-Served-Model` header)."""


class BatchImage(Answer):
    """One image of a batch."""

    image_path: str
    prompt: str
    seed: int | None
    verdicts: Verdicts | None
    tries: int | None


class GeneratedBatch(Answer):
    """Answer of `generate_batch`: images in the order of their prompts."""

    batch_id: str
    images: list[BatchImage]
    parameters: GenerationParameters
    served_model: str | None


class Weakness(Answer):
    """Why an image failed: the lowest factor of its quality score."""

    factor: str
    value: float
    """0..1."""
    threshold: float
    """Value of this factor, 0..1, at which the image would pass if the others stay the same; 1 if
    it would not pass even then."""
    advice: str


class QualityVerdict(Answer):
    """Answer of `validate_quality`."""

    image_path: str
    quality_score: float
    """0..1."""
    metrics: dict[str, float]
    passed: bool
    weakest: Weakness | None
    """None if the image passed."""


class PrivacyIssue(Answer):
    """One privacy finding. Found text is masked."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: str | None
    box: list[int] | None
    """x, y, width, height in pixels of the upright image."""
    confidence: float | None
    """0..1."""
    text: str | None


class PrivacyVerdict(Answer):
    """Answer of `validate_privacy`."""

    image_path: str
    privacy_score: int
    """0..100, 100 is best."""
    faces_detected: int | None
    text_detected: bool | None
    pii_detected: bool
    issues: list[PrivacyIssue]
    passed: bool


class Anonymized(Answer):
    """Answer of `anonymize`."""

    image_path: str
    """Path of the copy."""
    source_path: str
    method: str
    privacy: PrivacyVerdict
    """The verdict on the copy."""


class ValidatorSummary(Answer):
    """The results of one check of a dataset. `passed + failed + errors` is the number of images."""

    passed: int
    failed: int
    errors: int
    mean_score: float | None
    reasons: dict[str, int] | None
    """Reason to number of failed images; None if no image failed."""


class ValidationFailure(Answer):
    """An image that did not pass, or could not be checked."""

    image_path: str
    reason: str


class DatasetVerdict(Answer):
    """Answer of `validate_dataset`: the counts of both checks, and the failed images."""

    dataset_dir: str
    image_count: int
    quality: ValidatorSummary
    privacy: ValidatorSummary
    failures: list[ValidationFailure]
    skipped_count: int | None
    """Number of files in the folder that are not images; None if there are none."""
    skipped: list[SkippedFile] | None


class ProfileSummary(Answer):
    """A profile in a list."""

    name: str
    created_at: str
    sample_count: int
    path: str


class ProfileList(Answer):
    """Answer of `list_profiles`."""

    profiles: list[ProfileSummary]


class Profile(Answer):
    """A profile with its statistics."""

    name: str
    created_at: str
    updated_at: str
    sample_count: int
    path: str
    statistics: dict[str, JsonValue]


class ProfileComparison(Answer):
    """The similarity of two sets of images."""

    conformance: float
    """0..100; 100: equal statistics."""
    distances: dict[str, float]
    left: str
    right: str


class UploadedImage(Answer):
    """Answer of `upload_image`: where the image is stored."""

    image_path: str
    size_bytes: int | None


class Dataset(Answer):
    """A dataset, with the numbers of its images and of their verdicts."""

    name: str
    path: str
    image_count: int
    size_bytes: int
    updated_at: str | None
    verdicts: dict[str, int]


class ModelDefaults(Answer):
    """Values of the parameters that a request leaves out."""

    width: int
    """Pixels, like `height`."""
    height: int
    num_inference_steps: int
    guidance_scale: float


class Model(Answer):
    """A model that the service serves."""

    id: str
    """Value for `model_id`."""
    is_default: bool
    """Whether it is used if `model_id` is left out."""
    defaults: ModelDefaults
    loras: list[str]
    """Values for `lora` with this model."""


class Limits(Answer):
    """Limits of a request, the same for every model."""

    min_side_px: int
    max_side_px: int
    side_multiple_px: int
    max_inference_steps: int
    max_guidance_scale: float
    max_seed: int
    max_prompt_chars: int
    max_prompts: int


class ModelList(Answer):
    """Answer of `list_models`."""

    models: list[Model]
    """The default model first."""
    limits: Limits


class Health(Answer):
    """Answer of `check_ready`."""

    status: str


class DatasetList(Answer):
    """Answer of `list_datasets`."""

    datasets: list[Dataset]


class DatasetReport(Answer):
    """A report on a dataset. docs/evidence.md explains each figure."""

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
