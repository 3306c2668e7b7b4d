"""The report on a dataset, of the service and of batch jobs: what was counted, measured and found.

It is JSON as it is; the page is drawn from it. Images are named by id. What is not known is None.
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
"""A profile keeps no pictures, in which points could be found."""


class IntervalOut(FrozenModel):
    """A value with the interval that holds it in 95 of 100 repetitions."""

    value: float
    low: float
    high: float


class LabelCount(FrozenModel):
    """Images of one value of one label."""

    label: str
    value: str
    count: int
    wanted: int | None = Field(default=None, description="By the dataset's spec; null without.")


class MissingImages(FrozenModel):
    """Images that a declared dataset's last run could not make, for one reason."""

    of_class: str | None = Field(description="null where the declaration has no quotas.")
    reason: str = Field(description="The requirement that was missed, or budget.")
    count: int
    message: str


class Factor(FrozenModel):
    """Why an image failed."""

    check: str = Field(description="quality or privacy.")
    code: str = Field(description="The factor of the quality score, or the kind of finding.")
    message: str
    value: float | None = None
    threshold: float | None = None
    box: tuple[int, int, int, int] | None = Field(
        default=None, description="x, y, width, height in pixels of the upright image."
    )


class FailingImage(FrozenModel):
    """An image that did not pass."""

    id: str
    prompt: str | None
    factors: tuple[Factor, ...]
    width: int | None = None
    height: int | None = None
    thumbnail: str | None = Field(default=None, description="JPEG, base64; for the first ones.")


class Thumbnail(FrozenModel):
    """An image of a sample."""

    id: str
    group: str = Field(description="written or rejected.")
    caption: str
    jpeg: str = Field(description="Base64.")


class NearPair(FrozenModel):
    """Two images that look alike."""

    left: str
    right: str
    bits: int = Field(description="In which their perceptual hashes differ, of 64.")
    mirrored: bool
    distance: float | None = Field(default=None, description="Of their features, 0..2.")


class Cluster(FrozenModel):
    """Images that are near-duplicates of each other."""

    size: int
    best: str = Field(description="The one to keep: the best scored, else the sharpest.")
    images: tuple[str, ...] = Field(description="The first 20.")


class NearDuplicates(FrozenModel):
    """Images that have a near-duplicate in the dataset."""

    compared: int
    images: int = Field(description="With at least one near-duplicate.")
    by: str = Field(description="What they were compared by.")
    cluster_count: int
    clusters: tuple[Cluster, ...] = Field(description="The 50 largest.")
    pairs: tuple[NearPair, ...] = Field(description="The 50 closest.")


class Taken(FrozenModel):
    """An image that was made from a real one: copied, cut, turned, mirrored or recolored."""

    id: str
    reference: str
    agreeing_points: int = Field(
        description="Points that one move brings onto the real image; 0 where the hash told."
    )
    mirrored: bool
    distance: float = Field(description="Of their features, 0..2.")


class CopyingOut(FrozenModel):
    """Distances to the nearest real image, held against those of a held-out half of the real
    ones (docs/evidence.md)."""

    effect: float = Field(description="0.5: no nearer than other real images; 1: always nearer.")
    p_value: float
    tail_share: float
    tail_expected: float
    tail_p_value: float
    median_made: float
    median_control: float


class ReferenceEvidence(FrozenModel):
    """The dataset against real images."""

    reference: str = Field(description="Their folder, or the name of the profile.")
    images: int = Field(description="Real images.")
    compared: int = Field(description="Images of the dataset that the first three come from.")
    clipped_density: float | None = Field(default=None, description="0..1: like the real ones.")
    clipped_coverage: float | None = Field(default=None, description="0..1: all that is real.")
    recall: float | None = Field(default=None, description="0..1.")
    kid: IntervalOut | None = None
    copying: CopyingOut | None = None
    searched: int = Field(default=0, description="Images that were searched for their source.")
    searched_by: str = Field(
        default=BY_POINTS_AND_HASH,
        description="What tells a copy. By hash only: cut and turned copies are not found.",
    )
    taken_count: int = 0
    taken: tuple[Taken, ...] = Field(default=(), description="The first 200.")


class ProfileComparison(FrozenModel):
    """Color and texture statistics against a profile (docs/profiles.md)."""

    profile: str
    conformance: float
    distances: dict[str, float]
    evidence: ReferenceEvidence | None = Field(
        default=None, description="Against the features that the profile keeps; null without."
    )


class JobFacts(FrozenModel):
    """Of a batch job."""

    planned_at: datetime
    shards: int
    rows: int
    written: int
    rejected: int
    failed: int
    attempts: int
    elapsed_s: float
    rows_now: int = Field(description="Rows that the last submission ended.")


class DatasetReport(FrozenModel):
    """All of it."""

    format: str = REPORT_FORMAT
    name: str
    made_at: datetime
    images: int
    size_bytes: int
    version: str | None = Field(
        default=None, description="Digest of the names, sizes and versions of all its files."
    )
    digest: str | None = Field(
        default=None, description="SHA-256 over the lines `<sha256>  <name>` of its images."
    )
    verdicts: dict[str, int] = Field(default_factory=dict)
    labels: tuple[LabelCount, ...] = ()
    requested: int | None = Field(
        default=None, description="Images that the dataset's declaration asks for."
    )
    short: tuple[MissingImages, ...] = Field(
        default=(), description="What the last run of the declaration could not make, and why."
    )
    histograms: dict[str, Histogram] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(
        default_factory=dict, description="Of images (of a job: rows) that did not pass."
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
        description="Models, validators, libraries: each with how many images say so.",
    )
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    not_looked_at: tuple[str, ...] = Field(
        default=(), description="What the report does not know, and why."
    )


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The report on a dataset by its name, against real images and a profile where they are
    named."""

    name: str
    reference_key: str | None = None
    """Folder of real images."""
    profile: str | None = None
    as_page: bool = False
    """HTML in place of data."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report as a page that stands alone."""

    html: str
