"""The report on a dataset, made by the service and by batch jobs.

It can be sent as JSON, and the HTML page is drawn from it. Images are named by their id. Unknown
values are None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field, JsonValue

from engines.types.datasets.histograms import Histogram
from engines.types.frozen import FrozenModel

REPORT_FORMAT = "inferloop.report/1"
BY_POINTS_AND_HASH = "points and perceptual hash"
BY_HASH_ONLY = "perceptual hash"
"""Used for profiles: they keep no pictures, and matching points needs pictures."""


class IntervalOut(FrozenModel):
    """A value with its 95 % confidence interval."""

    value: float
    low: float
    high: float


class LabelCount(FrozenModel):
    """Number of images with one value of one label."""

    label: str
    value: str
    count: int
    wanted: int | None = Field(
        default=None,
        description="Number that the dataset's declaration asks for; null without a declaration.",
    )


class MissingImages(FrozenModel):
    """Number of images that a declared dataset's last run could not make, for one reason."""

    of_class: str | None = Field(description="Class; null if the declaration has no quotas.")
    reason: str = Field(
        description='The requirement that no image met, or "budget" if the budget was used up.'
    )
    count: int
    message: str


class Factor(FrozenModel):
    """One reason why an image failed a check."""

    check: str = Field(description='"quality" or "privacy".')
    code: str = Field(description="Factor of the quality score, or type of the privacy issue.")
    message: str
    value: float | None = None
    threshold: float | None = None
    box: tuple[int, int, int, int] | None = Field(
        default=None, description="x, y, width, height in pixels of the upright image."
    )


class FailingImage(FrozenModel):
    """An image that failed the quality or the privacy check."""

    id: str
    prompt: str | None
    factors: tuple[Factor, ...]
    width: int | None = None
    height: int | None = None
    thumbnail: str | None = Field(
        default=None, description="JPEG, base64; only for the first images of the list."
    )


class Thumbnail(FrozenModel):
    """An image on the report's contact sheet."""

    id: str
    group: str = Field(description='"written" or "rejected".')
    caption: str
    jpeg: str = Field(description="JPEG, base64.")


class NearPair(FrozenModel):
    """Two near-duplicates."""

    left: str
    right: str
    bits: int = Field(description="Number of bits, of 64, in which their perceptual hashes differ.")
    mirrored: bool
    distance: float | None = Field(
        default=None, description="Distance of their features, 0 (equal) to 2."
    )


class Cluster(FrozenModel):
    """A group of images that are near-duplicates of each other."""

    size: int
    best: str = Field(
        description="The image to keep: the one with the best quality score, or, without scores, "
        "the sharpest."
    )
    images: tuple[str, ...] = Field(description="The first 20 images.")


class NearDuplicates(FrozenModel):
    """The near-duplicates in the dataset."""

    compared: int
    images: int = Field(description="Number of images with at least one near-duplicate.")
    by: str = Field(description="The method of comparison.")
    cluster_count: int
    clusters: tuple[Cluster, ...] = Field(description="The 50 largest clusters.")
    pairs: tuple[NearPair, ...] = Field(description="The 50 most similar pairs.")


class Taken(FrozenModel):
    """An image that is a copy of a real one, perhaps cropped, rotated, mirrored or recolored."""

    id: str
    reference: str
    agreeing_points: int = Field(
        description="Number of matching points that fit one geometric transformation to the real "
        "image; 0 if the copy was found by its perceptual hash."
    )
    mirrored: bool
    distance: float = Field(description="Distance of their features, 0 (equal) to 2.")


class CopyingOut(FrozenModel):
    """Distances of generated images to the nearest real image, compared with the distances of
    held-out real images (docs/evidence.md describes the fields)."""

    effect: float = Field(
        description="Probability that a generated image is nearer than a held-out real one: 0.5: "
        "no nearer; 1: always nearer."
    )
    p_value: float
    tail_share: float
    tail_expected: float
    tail_p_value: float
    median_made: float
    median_control: float


class ReferenceEvidence(FrozenModel):
    """The dataset compared with real images (docs/evidence.md)."""

    reference: str = Field(description="Folder of the real images, or name of the profile.")
    images: int = Field(description="Number of real images.")
    compared: int = Field(
        description="Number of generated images from which density, coverage and recall were "
        "computed."
    )
    clipped_density: float | None = Field(
        default=None, description="0..1: how similar the generated images are to real ones."
    )
    clipped_coverage: float | None = Field(
        default=None, description="0..1: how much of the real images' variety is generated."
    )
    recall: float | None = Field(
        default=None, description="0..1: share of real images that are near generated ones."
    )
    kid: IntervalOut | None = None
    copying: CopyingOut | None = None
    searched: int = Field(
        default=0, description="Number of generated images that were checked for being copies."
    )
    searched_by: str = Field(
        default=BY_POINTS_AND_HASH,
        description="How copies are found. By the perceptual hash alone, cropped and rotated "
        "copies are not found.",
    )
    taken_count: int = 0
    taken: tuple[Taken, ...] = Field(default=(), description="The first 200 copies.")


class ProfileComparison(FrozenModel):
    """The dataset's color and texture statistics compared with a profile (docs/profiles.md)."""

    profile: str
    conformance: float
    distances: dict[str, float]
    evidence: ReferenceEvidence | None = Field(
        default=None,
        description="Comparison with the profile's features; null if it keeps none.",
    )


class JobFacts(FrozenModel):
    """Facts about the batch job that made the dataset."""

    planned_at: datetime
    shards: int
    rows: int
    written: int
    rejected: int
    failed: int
    attempts: int
    elapsed_s: float
    rows_now: int = Field(description="Number of rows that the last submission processed.")


class DatasetReport(FrozenModel):
    """The whole report."""

    format: str = REPORT_FORMAT
    name: str
    made_at: datetime
    images: int
    size_bytes: int
    version: str | None = Field(
        default=None, description="Digest of the names, sizes and versions of all its files."
    )
    digest: str | None = Field(
        default=None, description="SHA-256 of the lines `<sha256>  <name>` of its images."
    )
    verdicts: dict[str, int] = Field(default_factory=dict)
    labels: tuple[LabelCount, ...] = ()
    requested: int | None = Field(
        default=None, description="Number of images that the dataset's declaration asks for."
    )
    short: tuple[MissingImages, ...] = Field(
        default=(), description="Images that the last run of the declaration could not make."
    )
    histograms: dict[str, Histogram] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(
        default_factory=dict,
        description="Reason to the number of images (for a job: rows) that failed for it.",
    )
    failing_count: int = 0
    failing: tuple[FailingImage, ...] = ()
    sheet: tuple[Thumbnail, ...] = ()
    near_duplicates: NearDuplicates | None = None
    reference: ReferenceEvidence | None = None
    comparison: ProfileComparison | None = None
    job: JobFacts | None = None
    made_by: dict[str, dict[str, int]] = Field(
        default_factory=dict,
        description="Models, validators and libraries, each with the number of images it made or "
        "checked.",
    )
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    not_looked_at: tuple[str, ...] = Field(
        default=(), description="What was not examined for this report, and why."
    )


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A request for the report on a dataset."""

    name: str
    """Name of the dataset."""
    reference_key: str | None = None
    """Folder of real images to compare with."""
    profile: str | None = None
    """Profile to compare with."""
    as_page: bool = False
    """Whether to return an HTML page instead of data."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report as one HTML page without external files."""

    html: str
