"""Fakes of the exporter, the datasets, the profiles and readiness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engines.datasets.spec.result import Shortage, Taken
from engines.errors import Conflict, InferloopError, NotFound
from engines.types import (
    Comparison,
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    Profile,
    ProfileRequest,
    ProfileSummary,
    S3ExportReport,
    S3ExportRequest,
    SignedSheet,
)
from engines.types.datasets.looking import (
    ImageFilter,
    ImagePage,
    ImageQuery,
    ImagesSummary,
    Review,
    ReviewChange,
    SeenImage,
)
from engines.types.datasets.reports import (
    DatasetReport,
    ReferenceEvidence,
    ReportPage,
    ReportRequest,
)
from engines.types.deployments import DeploymentStanding, LoadedModel
from tests.serve_app.fakes import EPOCH, FakeFiles


@dataclass
class FakeExporter:
    files: FakeFiles
    requests: list[ExportRequest | S3ExportRequest] = field(default_factory=list)
    s3_report: S3ExportReport | None = None
    report: ExportReport | None = None
    busy: set[str] = field(default_factory=set)
    failure: InferloopError | None = None
    """Raised after the first progress event."""
    stuck: bool = False
    """Whether an export hangs after the first progress event."""
    hanging: bool = False
    ended: int = 0
    """Number of exports that were completed, failed or were stopped."""

    async def export(
        self, request: ExportRequest
    ) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        self.requests.append(request)
        if request.output_key in self.busy:
            raise Conflict("Another export is writing this target")
        self._require_dataset(request.dataset_key)
        async for progress in self._progress():
            yield progress
        self.files.contents[request.output_key] = b"{}\n" * 40
        yield self.report or ExportReport(120, request.output_key, 2_450_000)

    async def export_s3(
        self, request: S3ExportRequest
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        self.requests.append(request)
        self._require_dataset(request.dataset_key)
        async for progress in self._progress():
            yield progress
        manifest = f"s3://{request.bucket_name}/{request.s3_prefix}/manifest.json"
        yield self.s3_report or S3ExportReport(
            "success", 120, 0, 24_500_000, request.bucket_name, request.s3_prefix, manifest
        )

    async def _progress(self) -> AsyncGenerator[ExportProgress, None]:
        try:
            for done in (1, 60, 120):
                yield ExportProgress(done, 120)
                await asyncio.sleep(0)
                if self.failure is not None:
                    raise self.failure
                if self.stuck:
                    self.hanging = True
                    await asyncio.sleep(3600)
        finally:
            self.ended += 1

    def _require_dataset(self, key: str) -> None:
        if not any(name.startswith(f"{key}/") for name in self.files.contents):
            raise NotFound("dataset", key.rpartition("/")[2])


@dataclass
class FakeDatasets:
    names: list[str] = field(default_factory=lambda: ["nature_set"])
    reports: list[ReportRequest] = field(default_factory=list)
    report_failure: InferloopError | None = None
    """Raised after the first progress event."""
    declared: dict[str, str] = field(default_factory=dict)
    taken: dict[str, dict[str, Taken]] = field(default_factory=dict)
    short: dict[str, tuple[Shortage, ...]] = field(default_factory=dict)
    seen: list[SeenImage] = field(default_factory=list)
    queries: list[ImageQuery] = field(default_factory=list)
    filters: list[ImageFilter] = field(default_factory=list)
    reviewable: set[str] = field(default_factory=set)
    """Keys of existing images."""
    changes: list[tuple[ReviewChange, str]] = field(default_factory=list)

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[DatasetSummary]:
        names = [name for name in sorted(self.names) if after is None or name > after]
        return [await self.get(name) for name in names[:limit]]

    async def get(self, name: str) -> DatasetSummary:
        self._require(name)
        return DatasetSummary(name, 120, 24_500_000, EPOCH, {"quality_passed": 100})

    async def delete(self, name: str) -> None:
        self._require(name)
        self.names.remove(name)

    async def sign(self, name: str) -> SignedSheet:
        self._require(name)
        key = f"generated/{name}/inferloop.sheet.jsonl"
        return SignedSheet(key, 240, 24_500_000, "ab" * 32, {"image_count": 120}, True)

    async def report(
        self, request: ReportRequest
    ) -> AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]:
        self._require(request.name)
        self.reports.append(request)
        yield ExportProgress(60, 120)
        if self.report_failure is not None:
            raise self.report_failure
        if request.as_page:
            yield ReportPage(f"<!doctype html><title>{request.name}</title>")
            return
        reference = None
        if request.reference_key is not None:
            reference = ReferenceEvidence(reference=request.reference_key, images=9, compared=9)
        yield DatasetReport(
            name=request.name, made_at=EPOCH, images=120, size_bytes=24_500_000, reference=reference
        )

    async def images(self, query: ImageQuery) -> ImagePage:
        self._require(query.dataset)
        self.queries.append(query)
        shown = tuple(self.seen[: query.limit])
        more = shown[-1].image_id if len(self.seen) > query.limit else None
        return ImagePage(shown, len(self.seen), more)

    async def images_summary(self, name: str, wanted: ImageFilter) -> ImagesSummary:
        self._require(name)
        self.filters.append(wanted)
        judged = {"passed": 100, "failed": 0, "unchecked": 20}
        decisions = {"accepted": 1, "rejected": 2, "undecided": 117}
        labels = {"animal": {"fox": 60, "cat": 60}}
        return ImagesSummary(
            120, judged, judged, decisions, {0: 119, 4: 1}, labels, {"keep": 3}, None
        )

    async def review(
        self, keys: Sequence[str], change: ReviewChange, reviewer: str
    ) -> Sequence[tuple[str, Review]]:
        for key in keys:
            if key not in self.reviewable:
                raise NotFound("object", key)
        self.changes.append((change, reviewer))
        decision = None if change.decision == "undecided" else change.decision
        review = Review(change.rating or 0, change.add_tags, decision, reviewer, EPOCH)
        return [(key, review) for key in keys]

    async def open_declared(
        self, name: str, identity: str, declaration: bytes
    ) -> Mapping[str, Taken]:
        if self.declared.setdefault(name, identity) != identity:
            raise Conflict(f"The dataset {name} has another declaration")
        return self.taken.get(name, {})

    async def close_declared(
        self, name: str, taken: Sequence[Taken], short: Sequence[Shortage]
    ) -> None:
        self.taken[name] = {each.item_id: each for each in taken}
        self.short[name] = tuple(short)

    def _require(self, name: str) -> None:
        if name not in self.names:
            raise NotFound("dataset", name)


NATURE = Profile(
    name="unsplash_nature",
    created_at=EPOCH,
    updated_at=datetime(2025, 5, 16, 10, 45, tzinfo=UTC),
    sample_count=250,
    key="profiles/stream_unsplash_nature.json",
    statistics={
        "color_distribution": {"red_mean": 0.42, "green_mean": 0.56, "blue_mean": 0.38},
        "brightness_mean": 0.48,
        "contrast_mean": 0.65,
        "resolution": {"width_mean": 1920, "height_mean": 1080},
    },
)
OFFICE = Profile(
    name="webcam_office",
    created_at=datetime(2025, 5, 20, 9, 15, tzinfo=UTC),
    updated_at=datetime(2025, 5, 20, 9, 15, tzinfo=UTC),
    sample_count=120,
    key="profiles/stream_webcam_office.json",
    statistics={},
)


@dataclass
class FakeProfiles:
    profiles: dict[str, Profile] = field(
        default_factory=lambda: {profile.name: profile for profile in (NATURE, OFFICE)}
    )
    judged: list[str] = field(default_factory=list)
    compared: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    requests: list[ProfileRequest] = field(default_factory=list)

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[ProfileSummary]:
        names = [name for name in sorted(self.profiles) if after is None or name > after]
        found = (self.profiles[name] for name in names[:limit])
        return [ProfileSummary(p.name, p.created_at, p.sample_count, p.key) for p in found]

    async def get(self, name: str) -> Profile:
        if name not in self.profiles:
            raise NotFound("profile", name)
        return self.profiles[name]

    async def create(self, request: ProfileRequest) -> Profile:
        self.requests.append(request)
        if request.name in self.profiles and not request.update:
            raise Conflict(f"Profile {request.name} exists already")
        key = f"profiles/stream_{request.name}.json"
        kept = 3 if request.keep_hashes else 0
        features = 2 if request.keep_features else 0
        profile = Profile(request.name, EPOCH, EPOCH, 3, key, {}, kept, 100, features)
        self.profiles[request.name] = profile
        return self.profiles[request.name]

    async def delete(self, name: str) -> None:
        await self.get(name)
        del self.profiles[name]

    async def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        await self.get(name)
        if other is not None:
            await self.get(other)
        self.compared.append((name, dataset_key, other))
        return Comparison(91.5, {"brightness": 0.05}, name, dataset_key or other or "")

    async def conformance(self, name: str, key: str) -> float:
        await self.get(name)
        self.judged.append(key)
        return 61.5

    async def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        found = await self.compare(name, dataset_key, other)
        return f"<svg>{found.conformance}</svg>"


@dataclass
class FakeDeployments:
    """Two deployments: a pool whose second replica is starting, and one that cannot start."""

    found: list[DeploymentStanding] = field(
        default_factory=lambda: [
            DeploymentStanding(
                "diffusion-default", "UPDATING", "", 2, 1, 1, 0, {"fake": LoadedModel(1, 2_000)}
            ),
            DeploymentStanding("quality", "UNHEALTHY", "no such file", 1, 0, 0, 1),
        ]
    )

    async def standing(self) -> Sequence[DeploymentStanding]:
        return self.found


@dataclass
class FakeReadiness:
    missing: list[str] = field(default_factory=list)

    async def not_ready(self) -> Sequence[str]:
        return self.missing
