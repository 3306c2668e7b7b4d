"""What the API needs of the deployments behind it, as Protocols.

`deployments.adapters` implements them over Ray Serve handles; the tests over plain objects.
Every method raises only errors of `engines.errors` (the adapters translate Ray's); keys are
relative to the data root. Cancelling the awaiting task cancels the work behind it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.datasets.spec.result import Shortage, Taken
from engines.errors import Forbidden, JsonValue
from engines.types import (
    Comparison,
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    GenerationEvent,
    GenerationRequest,
    ObjectStat,
    PrivacyReport,
    Profile,
    ProfileRequest,
    ProfileSummary,
    QualityReport,
    S3ExportReport,
    S3ExportRequest,
    SignedSheet,
    SkippedFile,
)
from engines.types.datasets.datasets import DatasetUpload
from engines.types.datasets.looking import (
    ImageFilter,
    ImagePage,
    ImageQuery,
    ImagesSummary,
    Review,
    ReviewChange,
)
from engines.types.datasets.reports import DatasetReport, ReportPage, ReportRequest
from engines.types.deployments import DeploymentStanding


class Generation(Protocol):
    """All pools of diffusion replicas; the request's `model_id` chooses the pool."""

    def check(self, request: GenerationRequest) -> None:
        """Raise `InvalidParameters` or `NotFound` for what the config already rules out
        (unknown model, adapter the config does not list). Never blocks."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Progress of every step, if the request wants it, then exactly one `StoredImage`, or an
        error. Closing the iterator (or cancelling the task that awaits it) stops the work at its
        next step. `ReplicaLost` is raised as it happens: repeating is the caller's policy."""


class QualityValidation(Protocol):
    """Judges the quality of stored images."""

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        """Judge the image and write the verdict beside it. `metrics` None is the default set;
        an unknown name is `InvalidParameters` that lists the known."""


class PrivacyValidation(Protocol):
    """Judges the privacy of stored images, and makes copies without what it found."""

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        """Judge the image and write the verdict beside it."""

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        """Write a copy without faces and PII under `output_key`; the report is on the copy."""


class Exporter(Protocol):
    """Streams progress, then exactly one report, or an error: what refuses the export as a whole
    comes before any progress. Closing the iterator stops the export and leaves the old one. Where
    a replica dies, another one runs the export, and its progress begins anew."""

    def export(self, request: ExportRequest) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        """`NotFound` if the dataset is absent, `Conflict` if the same target is being written."""

    def export_s3(
        self, request: S3ExportRequest
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        """Failures per file are in the report; only what stops all of it is raised."""


class Datasets(Protocol):
    """Datasets of one space."""

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[DatasetSummary]:
        """Ordered by name: the first `limit` of those after the name `after`."""

    async def get(self, name: str) -> DatasetSummary:
        """The dataset of this name. Raises `NotFound`."""

    async def delete(self, name: str) -> None:
        """Remove the dataset with its images. Raises `NotFound`."""

    async def sign(self, name: str) -> SignedSheet:
        """Write the dataset's sheet, signed, over an older one. `Forbidden` where marks are
        switched off."""

    def report(
        self, request: ReportRequest
    ) -> AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]:
        """Progress, then the report, as a page where that was asked for. Closing the iterator stops
        the work. `NotFound` without the dataset, the reference or the profile."""

    async def images(self, query: ImageQuery) -> ImagePage:
        """A page of a dataset's images. `NotFound` without the dataset, `InvalidParameters` for a
        cursor of another sort."""

    async def images_summary(self, name: str, wanted: ImageFilter) -> ImagesSummary:
        """How many of the dataset's images that the filter takes have what. Raises `NotFound`."""

    async def review(
        self, keys: Sequence[str], change: ReviewChange, reviewer: str
    ) -> Sequence[tuple[str, Review]]:
        """Change the reviews of images, by their keys; returns what they are now. `NotFound` if one
        of them is absent: nothing is changed then."""

    async def open_declared(
        self, name: str, identity: str, declaration: bytes
    ) -> Mapping[str, Taken]:
        """Begin, or go on with, a declared dataset; what an earlier run took and is there still, by
        item. `Conflict` where the dataset has another declaration."""

    async def close_declared(
        self, name: str, taken: Sequence[Taken], short: Sequence[Shortage]
    ) -> None:
        """Keep what was taken, for later runs, and what is missing, for reports."""


class Profiles(Protocol):
    """Profiles of one space."""

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[ProfileSummary]:
        """Ordered by name: the first `limit` of those after the name `after`."""

    async def get(self, name: str) -> Profile:
        """The profile of this name. Raises `NotFound`."""

    async def create(self, request: ProfileRequest) -> Profile:
        """Measure the images of a folder or a bucket. Raises `InvalidParameters` for a source that
        may not be read."""

    async def delete(self, name: str) -> None:
        """Remove the profile. Raises `NotFound`."""

    async def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        """The profile against a dataset, by its key, or against the other profile. Raises
        `NotFound`."""

    async def conformance(self, name: str, key: str) -> float:
        """How near the image lies to the profile, 0..100. Raises `NotFound`."""

    async def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        """The same comparison as an SVG document."""


class Files(Protocol):
    """Bytes in and out of the data root."""

    async def stat(self, key: str) -> ObjectStat:
        """`NotFound` if absent."""

    def read(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The object from byte `start`, at most `length` bytes, in chunks of at most 1 MiB."""

    async def thumbnail(self, stat: ObjectStat, side_px: int) -> bytes:
        """The image small, as WebP, its longer side at most `side_px`; kept for the next time.
        `InvalidImage` for what is no image that we decode."""

    async def presign(self, key: str, expires_s: int) -> str | None:
        """A URL that reads the object from the data root's own server; None where there is none."""

    async def delete_image(self, key: str) -> None:
        """Remove an image with all that lies beside it; `NotFound` if absent."""

    async def delete_export(self, key: str) -> None:
        """Remove an exported file with its cards, or a folder of shards; `NotFound` if absent,
        `Conflict` while it is being written."""

    async def upload_image(self, content: bytes, folder: str | None, unique: str) -> str:
        """Check that it is an image we decode (`InvalidImage` otherwise), store it under
        `uploads/` (or `uploads/<folder>/`) with a name made of `unique`, and return its key. The
        same content under the same name is there already, and is fine; `Conflict` for another."""

    async def upload_into(self, content: bytes, upload: DatasetUpload) -> str:
        """As `upload_image`, into a dataset, with a name made of the content: the same file again
        is the same image, and has what is said of it now. Returns its key."""

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        """Keys of the images below a folder, ordered, the first `limit` of them; an absent
        folder holds none."""

    async def list_left_out(self, folder_key: str, limit: int) -> tuple[int, Sequence[SkippedFile]]:
        """How many files of a folder are no part of its dataset, and the first `limit` of them."""


Owner = tuple[str, str]
"""Whose storage quota it is: ("key", its name) or ("space", its name)."""


class Usage(Protocol):
    """What owners have stored."""

    async def reserve(self, owner: Owner, quota_bytes: int, size_bytes: int) -> None:
        """Hold room; `InsufficientStorage` if so much more would pass the quota."""

    async def settle(
        self, owner: Owner, size_bytes: int, stored: Sequence[tuple[str, int]]
    ) -> None:
        """Give the held room back, and count what was stored: keys and bytes."""

    async def forget(self, key: str) -> None:
        """`key`, or all below it, is deleted: who stored it has that room again."""


class Provenance(Protocol):
    """Where files come from. Answers are JSON objects, as `serve_app.schemas.provenance` has
    them, but for paths, which are keys."""

    async def verify(self, content: bytes, watermark: bool = False) -> dict[str, JsonValue]:
        """What the mark in these bytes says and, where asked, what watermark the pixels carry.
        `InvalidImage` for what carries no marks, `InvalidParameters` where no watermark can be
        read."""

    async def verify_stored(self, key: str, watermark: bool = False) -> dict[str, JsonValue]:
        """The same of a stored file; `NotFound` if absent."""

    async def check_log(self) -> dict[str, JsonValue]:
        """Walk the log of marks."""

    async def check_sheet(self, dataset: str) -> dict[str, JsonValue]:
        """Hold a dataset against its signed sheet; `NotFound` if it has none."""


class Readiness(Protocol):
    """Asks every deployment whether it can serve."""

    async def not_ready(self) -> Sequence[str]:
        """Names of the deployments that cannot serve now; empty when all can."""


class Deployments(Protocol):
    """Tells how every deployment stands."""

    async def standing(self) -> Sequence[DeploymentStanding]:
        """All of them, by name. Wakes none that rests."""


def _no_spaces(space: str) -> Services:
    raise Forbidden("This service has no spaces")


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the API, injected into `serve_app.app.create_app`."""

    generation: Generation
    quality: QualityValidation
    privacy: PrivacyValidation
    exporter: Exporter
    datasets: Datasets
    profiles: Profiles
    files: Files
    usage: Usage
    provenance: Provenance
    readiness: Readiness
    deployments: Deployments
    in_space: Callable[[str], Services] = _no_spaces
    """The same for a space: keys and names are then its own, and reach nothing outside it. May
    block when the space is first asked for. `InvalidParameters` for what is no space's name."""
