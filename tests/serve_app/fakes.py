"""A house behind the face that fits in memory. Every double keeps the contract of its Protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engines.errors import (
    Conflict,
    InferloopError,
    InvalidImage,
    InvalidParameters,
    InvalidPath,
    NotFound,
)
from engines.types import (
    Comparison,
    DatasetSummary,
    ExportReport,
    ExportRequest,
    GenerationEvent,
    GenerationRequest,
    ObjectStat,
    PrivacyIssue,
    PrivacyReport,
    Profile,
    ProfileRequest,
    ProfileSummary,
    QualityReport,
    S3ExportReport,
    S3ExportRequest,
    StepProgress,
    StoredImage,
)
from serve_app.services import Services

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32
EPOCH = datetime(2025, 5, 15, 14, 30, tzinfo=UTC)


class FakeClock:
    """Seconds that pass only when told."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FakeGeneration:
    """Steps at once, or one for each `release()` when `held`; fails as `failures` say."""

    files: FakeFiles
    served_model: str = "fake/inferloop-mini"
    known_models: Sequence[str] = ("runwayml/stable-diffusion-v1-5",)
    held: bool = False
    failures: list[InferloopError | None] = field(default_factory=list)
    """One entry per run, in order of start; None runs well. What is not listed runs well."""
    fail_after_steps: int = 2
    fail_prompts: dict[str, InferloopError] = field(default_factory=dict)
    started: list[GenerationRequest] = field(default_factory=list)
    steps_done: int = 0
    running: int = 0
    most_running: int = 0
    stopped: list[str] = field(default_factory=list)
    """Image ids whose run was cancelled."""
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def check(self, request: GenerationRequest) -> None:
        if request.model_id not in self.known_models:
            known = ", ".join(self.known_models)
            raise InvalidParameters.of(
                "model_id", request.model_id, f"one of: {known}", f"must be one of: {known}"
            )

    def release(self, steps: int) -> None:
        for _ in range(steps):
            self.gate.release()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        self.started.append(request)
        failure = self.failures.pop(0) if self.failures else self.fail_prompts.get(request.prompt)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            for step in range(1, request.num_inference_steps + 1):
                if failure is not None and step > self.fail_after_steps:
                    raise failure
                await (self.gate.acquire() if self.held else asyncio.sleep(0))
                self.steps_done += 1
                preview = b"\xff\xd8jpeg" if request.previews else None
                yield StepProgress(step, request.num_inference_steps, preview)
            yield self._stored(request)
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped.append(request.image_id)
            raise
        finally:
            self.running -= 1

    def _stored(self, request: GenerationRequest) -> StoredImage:
        folder = f"generated/{request.dataset}" if request.dataset else "generated"
        key = f"{folder}/{request.image_id}.png"
        self.files.contents[key] = PNG
        return StoredImage(key, self.served_model, request.seed, "ab" * 32, len(PNG), 0.01)


@dataclass
class FakeFiles:
    contents: dict[str, bytes] = field(default_factory=dict)
    links_out: set[str] = field(default_factory=set)
    """Keys that are symbolic links out of the root: the storage refuses them."""
    reads: list[str] = field(default_factory=list)
    uploads: int = 0

    def require(self, key: str) -> bytes:
        self.reads.append(key)
        if key in self.links_out:
            raise outside(key)
        if key not in self.contents:
            raise NotFound("object", key)
        return self.contents[key]

    async def stat(self, key: str) -> ObjectStat:
        return ObjectStat(key, len(self.require(key)), EPOCH, "etag-1")

    async def read(self, key: str) -> AsyncIterator[bytes]:
        content = self.require(key)
        for start in range(0, len(content), 16):
            yield content[start : start + 16]

    async def upload_image(self, content: bytes, folder: str | None = None) -> str:
        if not content.startswith(b"\x89PNG"):
            raise InvalidImage.of("image", None, "a decodable image", "is not an image we decode")
        self.uploads += 1
        key = f"uploads/{folder}/u{self.uploads}.png" if folder else f"uploads/u{self.uploads}.png"
        self.contents[key] = content
        return key

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        keys = [
            key
            for key in sorted(self.contents)
            if key.startswith(f"{folder_key}/") and key.endswith(".png")
        ]
        return keys[:limit]


def outside(key: str) -> InvalidParameters:
    """What a storage says of a key that leaves the root."""
    return InvalidPath.of("path", key, "inside the root", "must not lead out of the data root")


@dataclass
class FakeQuality:
    files: FakeFiles
    failures: dict[str, list[InferloopError]] = field(default_factory=dict)
    """Errors to raise for a key, one for each call, before it is judged."""
    failing: set[str] = field(default_factory=set)
    running: int = 0
    most_running: int = 0

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        known = {"sharpness": 78.5, "contrast": 0.72, "noise": 0.03}
        wanted = list(known) if metrics is None else list(metrics)
        for name in wanted:
            if name not in known:
                names = ", ".join(known)
                raise InvalidParameters.of(
                    "metrics", name, f"one of: {names}", f"must be one of: {names}"
                )
        if self.failures.get(key):
            raise self.failures[key].pop(0)
        self.files.require(key)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        passed = key not in self.failing
        renamed = {"noise": "noise_level"}
        return QualityReport(
            key=key,
            quality_score=0.85 if passed else 0.2,
            metrics={renamed.get(name, name): known[name] for name in wanted},
            passed=passed,
            validator_version="quality/1 photo>=0.50",
        )


@dataclass
class FakePrivacy:
    files: FakeFiles
    failing: set[str] = field(default_factory=set)

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        self.files.require(key)
        face = PrivacyIssue("face", "high", "1 face found", "yunet", (1, 2, 30, 40), 0.97)
        found = key in self.failing
        return PrivacyReport(
            key=key,
            privacy_score=40 if found else 95,
            faces_detected=int(found) if check_faces else None,
            text_detected=False if check_text else None,
            pii_detected=False,
            issues=(face,) if found else (),
            passed=not found,
            validator_version="privacy/1 faces=yunet",
        )

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        if method not in ("blur", "pixelate", "box"):
            raise InvalidParameters.of("method", method, "one of: blur, pixelate, box", "unknown")
        self.files.contents[output_key] = self.files.require(key)
        return await self.validate(output_key, True, True)


@dataclass
class FakeExporter:
    files: FakeFiles
    requests: list[ExportRequest | S3ExportRequest] = field(default_factory=list)
    s3_report: S3ExportReport | None = None
    busy: set[str] = field(default_factory=set)

    async def export(self, request: ExportRequest) -> ExportReport:
        self.requests.append(request)
        if request.output_key in self.busy:
            raise Conflict("Another export is writing this target")
        self._require_dataset(request.dataset_key)
        self.files.contents[request.output_key] = b"{}\n" * 40
        return ExportReport(120, request.output_key, 2_450_000)

    async def export_s3(self, request: S3ExportRequest) -> S3ExportReport:
        self.requests.append(request)
        self._require_dataset(request.dataset_key)
        manifest = f"s3://{request.bucket_name}/{request.s3_prefix}/manifest.json"
        return self.s3_report or S3ExportReport(
            "success", 120, 0, 24_500_000, request.bucket_name, request.s3_prefix, manifest
        )

    def _require_dataset(self, key: str) -> None:
        if not any(name.startswith(f"{key}/") for name in self.files.contents):
            raise NotFound("dataset", key.rpartition("/")[2])


@dataclass
class FakeDatasets:
    names: list[str] = field(default_factory=lambda: ["nature_set"])

    async def list(self) -> Sequence[DatasetSummary]:
        return [await self.get(name) for name in self.names]

    async def get(self, name: str) -> DatasetSummary:
        self._require(name)
        return DatasetSummary(name, 120, 24_500_000, EPOCH, {"quality_passed": 100})

    async def delete(self, name: str) -> None:
        self._require(name)
        self.names.remove(name)

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
    compared: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    async def list(self) -> Sequence[ProfileSummary]:
        return [
            ProfileSummary(profile.name, profile.created_at, profile.sample_count, profile.key)
            for profile in self.profiles.values()
        ]

    async def get(self, name: str) -> Profile:
        if name not in self.profiles:
            raise NotFound("profile", name)
        return self.profiles[name]

    async def create(self, request: ProfileRequest) -> Profile:
        if request.name in self.profiles and not request.update:
            raise Conflict(f"Profile {request.name} exists already")
        key = f"profiles/stream_{request.name}.json"
        self.profiles[request.name] = Profile(request.name, EPOCH, EPOCH, 3, key, {})
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


@dataclass
class FakeReadiness:
    missing: list[str] = field(default_factory=list)

    async def not_ready(self) -> Sequence[str]:
        return self.missing


@dataclass
class House:
    """All doubles of one test, by name, and the facade over them."""

    files: FakeFiles = field(default_factory=FakeFiles)
    readiness: FakeReadiness = field(default_factory=FakeReadiness)
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    profiles: FakeProfiles = field(default_factory=FakeProfiles)

    def __post_init__(self) -> None:
        self.generation = FakeGeneration(self.files)
        self.quality = FakeQuality(self.files)
        self.privacy = FakePrivacy(self.files)
        self.exporter = FakeExporter(self.files)

    def services(self) -> Services:
        return Services(
            generation=self.generation,
            quality=self.quality,
            privacy=self.privacy,
            exporter=self.exporter,
            datasets=self.datasets,
            profiles=self.profiles,
            files=self.files,
            readiness=self.readiness,
        )
