"""The services that the API needs from the deployments behind it, as Protocols.

`deployments.adapters` implements them with Ray Serve handles, the tests with plain objects. All
methods raise only errors of `engines.errors` (the adapters translate Ray's). Keys are relative to
the data root. Canceling the awaiting task cancels the work.
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
        """Raise `InvalidParameters` or `NotFound` for what the config already excludes: an
        unknown model, or an adapter that the config does not list. Never blocks."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yields the progress of every step, if the request asks for it, then exactly one
        `StoredImage`. Closing the iterator, or canceling the task that awaits it, stops the work
        at its next step. `ReplicaLost` is raised at once; whether to repeat is decided by the
        caller."""


class QualityValidation(Protocol):
    """Judges the quality of stored images."""

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        """Judge the image and store the verdict beside it. `metrics` None means the default set.
        An unknown name raises `InvalidParameters`, which lists the known ones."""


class PrivacyValidation(Protocol):
    """Judges the privacy of stored images, and makes anonymized copies of them."""

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        """Judge the image and store the verdict beside it."""

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        """Store a copy without faces and personal data under `output_key`. The report is about
        the copy."""


class Exporter(Protocol):
    """Exports datasets. Each call yields progress, then exactly one report.

    An error that refuses the whole export is raised before any progress. Closing the iterator stops
    the export and leaves an older one unchanged. If a replica dies, another one repeats the export,
    and the progress begins again.
    """

    def export(self, request: ExportRequest) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        """Export a dataset to the data root. Raises `NotFound` without the dataset, `Conflict`
        if the target is being written."""

    def export_s3(
        self, request: S3ExportRequest
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        """Export a dataset to a bucket. A file that fails is in the report and does not raise."""


class Datasets(Protocol):
    """The datasets of one space."""

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[DatasetSummary]:
        """The first `limit` datasets whose names come after `after`, ordered by name."""

    async def get(self, name: str) -> DatasetSummary:
        """The dataset of this name. Raises `NotFound`."""

    async def delete(self, name: str) -> None:
        """Remove the dataset with its images. Raises `NotFound`."""

    async def sign(self, name: str) -> SignedSheet:
        """Write the signed data sheet of the dataset, in place of an older one. Raises
        `Forbidden` if marks are switched off."""

    def report(
        self, request: ReportRequest
    ) -> AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]:
        """Yields progress, then the report, as an HTML page if the request asks for one. Closing
        the iterator stops the work. Raises `NotFound` without the dataset, the reference or the
        profile."""

    async def images(self, query: ImageQuery) -> ImagePage:
        """A page of the dataset's images. Raises `NotFound` without the dataset,
        `InvalidParameters` for a cursor that belongs to another order."""

    async def images_summary(self, name: str, wanted: ImageFilter) -> ImagesSummary:
        """Counts by verdict, label and review of the images that match the filter. Raises
        `NotFound`."""

    async def review(
        self, keys: Sequence[str], change: ReviewChange, reviewer: str
    ) -> Sequence[tuple[str, Review]]:
        """Change the reviews of images, by key, and return the new ones. Raises `NotFound` if
        one of the images does not exist; then nothing is changed."""

    async def open_declared(
        self, name: str, identity: str, declaration: bytes
    ) -> Mapping[str, Taken]:
        """Begin or continue a declared dataset. Returns the images that an earlier run added to it
        and that still exist, by item of the declaration. Raises `Conflict` if the dataset has
        another declaration."""

    async def close_declared(
        self, name: str, taken: Sequence[Taken], short: Sequence[Shortage]
    ) -> None:
        """Store what was taken, for later runs, and what is missing, for reports."""


class Profiles(Protocol):
    """The profiles of one space."""

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[ProfileSummary]:
        """The first `limit` profiles whose names come after `after`, ordered by name."""

    async def get(self, name: str) -> Profile:
        """The profile of this name. Raises `NotFound`."""

    async def create(self, request: ProfileRequest) -> Profile:
        """Measure the images of a folder or a bucket. Raises `InvalidParameters` for a source
        that may not be read."""

    async def delete(self, name: str) -> None:
        """Remove the profile. Raises `NotFound`."""

    async def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        """Compare the profile with a dataset, by its key, or with another profile. Raises
        `NotFound`."""

    async def conformance(self, name: str, key: str) -> float:
        """How similar the image is to the profile, 0..100. Raises `NotFound`."""

    async def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        """The same comparison as an SVG document."""


class Files(Protocol):
    """Reads, writes and deletes files in the data root."""

    async def stat(self, key: str) -> ObjectStat:
        """Size, time and ETag of the object. Raises `NotFound`."""

    def read(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The object from byte `start`, at most `length` bytes, in chunks of at most 1 MiB."""

    async def thumbnail(self, stat: ObjectStat, side_px: int) -> bytes:
        """A small copy of the image as WebP, its longer side at most `side_px` pixels, kept for
        later. Raises `InvalidImage` for a file that is not an image we decode."""

    async def presign(self, key: str, expires_s: int) -> str | None:
        """A URL that reads the object from the data root's server itself; None if it has none."""

    async def delete_image(self, key: str) -> None:
        """Remove an image and all files that belong to it. Raises `NotFound`."""

    async def delete_export(self, key: str) -> None:
        """Remove an export: its file or files with the cards, or its folder of shards. Raises
        `NotFound`, or `Conflict` while it is being written."""

    async def files_of_export(self, key: str) -> Sequence[str]:
        """Keys of the files that the last export to `key` wrote, of its splits too."""

    async def upload_image(self, content: bytes, folder: str | None, unique: str) -> str:
        """Store an image below `uploads/`, its name made from `unique`; returns its key. Writes
        nothing if it has this content already. Raises `InvalidImage`, `Conflict`."""

    async def upload_into(self, content: bytes, upload: DatasetUpload) -> str:
        """As `upload_image`, into a dataset; the name is made from the content. The same file again
        is the same image and gets the new description."""

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        """The first `limit` keys of images below a folder, ordered; none if there is no folder."""

    async def list_left_out(self, folder_key: str, limit: int) -> tuple[int, Sequence[SkippedFile]]:
        """The number of files in a folder that are not part of its dataset, and the first
        `limit` of them."""


Owner = tuple[str, str]
"""Whose storage quota it is: ("key", its name) or ("space", its name)."""


class Usage(Protocol):
    """Counts how many bytes each API key or space has stored, for storage quotas."""

    async def reserve(self, owner: Owner, quota_bytes: int, size_bytes: int) -> None:
        """Reserve room. Raises `InsufficientStorage` if that much more would exceed the quota."""

    async def settle(
        self, owner: Owner, size_bytes: int, stored: Sequence[tuple[str, int]]
    ) -> None:
        """Release the reserved room, and count what was stored, as keys and bytes."""

    async def forget(self, key: str) -> None:
        """`key`, or everything below it, was deleted and no longer counts against its owner's
        quota."""


class Provenance(Protocol):
    """Verifies where files come from. Answers are JSON objects as in
    `serve_app.schemas.provenance`, with keys in place of paths."""

    async def verify(self, content: bytes, watermark: bool = False) -> dict[str, JsonValue]:
        """What the mark in these bytes says and, on request, which watermark the pixels have.
        Raises `InvalidImage` for a file that is not PNG, JPEG or WebP, and `InvalidParameters`
        for `watermark` if this installation cannot read watermarks."""

    async def verify_stored(self, key: str, watermark: bool = False) -> dict[str, JsonValue]:
        """As `verify`, for a stored file. Raises `NotFound` too."""

    async def check_log(self) -> dict[str, JsonValue]:
        """Verify the log of marks from its beginning to its end."""

    async def check_sheet(self, dataset: str) -> dict[str, JsonValue]:
        """Compare a dataset with its signed sheet. Raises `NotFound` if it has none."""


class Readiness(Protocol):
    """Asks every deployment whether it can serve."""

    async def not_ready(self) -> Sequence[str]:
        """Names of the deployments that cannot serve now; empty if all can."""


class Deployments(Protocol):
    """The state of the deployments."""

    async def standing(self) -> Sequence[DeploymentStanding]:
        """The state of all deployments, by name. Starts none that is scaled to zero."""


def _no_spaces(space: str) -> Services:
    raise Forbidden("This service has no spaces")


@dataclass(frozen=True, slots=True)
class Services:
    """All services behind the API, passed to `serve_app.app.create_app`."""

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
    """Returns the services of a space, whose keys and names are relative to the space. May block at
    its first call for a space. Raises `InvalidParameters` for an invalid name."""
