"""Requests, events and results that cross package borders: frozen, picklable, no behaviour.

Keys are POSIX paths relative to the data root ("generated/nature_set/image_1.png"); only
`serve_app.paths` knows what they look like on the wire. Times are UTC. Where a field says
`None`, it means "not given", never "zero".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engines.errors import JsonValue

    Pixels = NDArray[np.uint8]
    """RGB image, uint8, shape (height, width, 3), values 0..255."""


# --- generation -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One image to make. Every choice is made by now: the same request gives the same image."""

    image_id: str
    """Unique without coordination; also the file's stem, so a repeated run finds its own image."""
    prompt: str
    model_id: str
    """As the client asked for it; the pool's config says which model really serves it."""
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    negative_prompt: str | None = None
    dataset: str | None = None
    """Name of the folder under `generated/`; None is the area itself."""
    profile: str | None = None
    """Profile whose colour statistics the image is matched to after decoding."""
    profile_strength: float = 1.0
    """0..1: how far the colours move towards the profile's."""
    lora: str | None = None
    """Name of an adapter that the model's config lists."""
    previews: bool = False
    """Whether the listener wants small JPEGs of the current estimate (at most two a second)."""
    deadline_s: float | None = None
    """Seconds from submission after which the engine gives the request up."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """`step` of `total_steps` is completed; strictly increasing within a request."""

    step: int
    total_steps: int
    preview_jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """What the engine hands out, before anything is stored."""

    pixels: Pixels
    served_model: str
    """Id of the model that really made the image."""
    revision: str | None
    """Commit of the hub repository, or a digest of the local weights."""
    noise_scheduler: str
    """Class name, for example "DDIMScheduler"."""
    safety: Mapping[str, JsonValue]
    """Of the model's safety checker: {"policy": "off"|"flag"|"block", "flagged": bool|None}."""
    notes: tuple[str, ...] = ()
    """What a reader of the recipe must know (stand-in model, prompt cut at N tokens, cropped)."""
    engine_s: float = 0.0
    """Seconds from admission to the decoded image, queueing included."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """The last event of a generation: the image and its recipe are written."""

    key: str
    served_model: str
    seed: int
    sha256: str
    size_bytes: int
    engine_s: float = 0.0


GenerationEvent = StepProgress | StoredImage
"""What a diffusion deployment streams: progress, then exactly one `StoredImage` (or it raises)."""


# --- validation -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Verdict on one image. `metrics` holds what was asked for, in the contract's names."""

    key: str
    quality_score: float
    """0..1."""
    metrics: Mapping[str, float]
    passed: bool
    validator_version: str
    """Version and thresholds that judged, for example "quality/2 photo>=0.50"."""


@dataclass(frozen=True, slots=True)
class PrivacyIssue:
    """One finding. `text` is masked: the finding itself never leaks what was found."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: str
    box: tuple[int, int, int, int] | None = None
    """x, y, width, height in pixels of the upright (EXIF-rotated) image."""
    confidence: float | None = None
    """0..1."""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PrivacyReport:
    """Verdict on one image. A check that could not run is an issue and `passed` is False."""

    key: str
    privacy_score: int
    """0..100, 100 is best; the table is in docs/privacy.md."""
    faces_detected: int | None
    """None where faces were not checked."""
    text_detected: bool | None
    """None where text was not checked."""
    pii_detected: bool
    issues: tuple[PrivacyIssue, ...]
    passed: bool
    validator_version: str


# --- datasets, export -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which records an export takes; the default takes all."""

    quality_passed: bool = False
    """Only images whose quality verdict is there and passed."""
    privacy_passed: bool = False
    min_quality_score: float | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A dataset to one file (JSONL, Parquet) or one folder of shards (WebDataset)."""

    format: Literal["jsonl", "parquet", "webdataset"]
    dataset_key: str
    """Folder under `generated/`, without a slash at the end."""
    output_key: str
    """Under `exports/`; replaced atomically."""
    include_metadata: bool = True
    include_annotations: bool = True
    filter: ExportFilter = field(default_factory=ExportFilter)
    splits: Mapping[str, float] | None = None
    """Name to share, by hash of the id: {"train": 0.8, "validation": 0.1, "test": 0.1}."""


@dataclass(frozen=True, slots=True)
class ExportFailure:
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    exported_count: int
    output_key: str
    file_size_bytes: int
    failed_count: int = 0
    """Images left out because they cannot be read (damaged, deleted meanwhile, no image)."""
    failures: tuple[ExportFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class S3ExportRequest:
    """A dataset to a bucket: images, sidecars, a card, and the manifest last."""

    dataset_key: str
    bucket_name: str
    s3_prefix: str
    include_metadata: bool = True
    public_read: bool = False
    filter: ExportFilter = field(default_factory=ExportFilter)
    server_side_encryption: str | None = None
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class S3ExportReport:
    status: Literal["success", "partial", "failed"]
    uploaded_count: int
    """Images that are in the bucket now, already uploaded ones included."""
    failed_count: int
    total_size_bytes: int
    bucket_name: str
    s3_prefix: str
    manifest_url: str | None
    """None where not even the manifest could be written."""
    failures: tuple[ExportFailure, ...] = ()
    skipped_count: int = 0
    """Of the uploaded: were there before with the same checksum."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    name: str
    image_count: int
    size_bytes: int
    updated_at: datetime | None
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Counts: quality_passed, quality_failed, privacy_passed, privacy_failed."""


# --- profiles ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    name: str
    created_at: datetime
    sample_count: int
    key: str


@dataclass(frozen=True, slots=True)
class Profile:
    """`statistics` is JSON: the reference's keys (colours 0..1, pixels) and documented extras."""

    name: str
    created_at: datetime
    updated_at: datetime
    sample_count: int
    key: str
    statistics: Mapping[str, JsonValue]
    kept_hashes: int = 0
    """Perceptual hashes of single images that it keeps; 0 unless it was made so."""


@dataclass(frozen=True, slots=True)
class S3Folder:
    """Objects of a bucket below `prefix` and a slash; all of it without a prefix."""

    bucket: str
    prefix: str = ""

    @property
    def key_prefix(self) -> str:
        return f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""

    @property
    def url(self) -> str:
        """`s3://` URL."""
        return f"s3://{self.bucket}/{self.key_prefix}"


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """Make (or with `update` extend) a profile from every image under a folder: a key of the data
    root, or a folder in a bucket of the user."""

    name: str
    source: str | S3Folder
    update: bool = False
    keep_hashes: bool = False
    """Keep perceptual hashes, so that privacy validation can find near-duplicates of its images."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a dataset or profile lies from a profile."""

    conformance: float
    """0..100, 100 is alike; defined in docs/profiles.md."""
    distances: Mapping[str, float]
    left: str
    right: str


# --- storage ----------------------------------------------------------------------------------


class ObjectStat(NamedTuple):
    """What a listing says of an object; a tuple, because listings make 100,000 of them."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str
    """Opaque version of the content; a conditional replace names it."""
