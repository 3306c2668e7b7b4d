"""Fakes of the services behind the API, in memory. Each fulfills the contract of its Protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engines.errors import (
    Conflict,
    InferloopError,
    InsufficientStorage,
    InvalidImage,
    InvalidParameters,
    InvalidPath,
    NotFound,
)
from engines.types import (
    GenerationEvent,
    GenerationRequest,
    ObjectStat,
    SkippedFile,
    StepProgress,
    StoredImage,
)
from engines.types.datasets.datasets import DatasetUpload

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32
EPOCH = datetime(2025, 5, 15, 14, 30, tzinfo=UTC)


class FakeClock:
    """A clock that only the test moves, in seconds."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FakeGeneration:
    """Makes all steps at once, or, if `held`, one for each `release()`."""

    files: FakeFiles
    served_model: str = "fake/inferloop-mini"
    known_models: Sequence[str] = ("runwayml/stable-diffusion-v1-5",)
    held: bool = False
    failures: list[InferloopError | None] = field(default_factory=list)
    """The error of each run, in the order of their start. None, or no entry: the run succeeds."""
    fail_after_steps: int = 2
    fail_prompts: dict[str, InferloopError] = field(default_factory=dict)
    started: list[GenerationRequest] = field(default_factory=list)
    steps_done: int = 0
    running: int = 0
    most_running: int = 0
    stopped: list[str] = field(default_factory=list)
    """Image ids whose run was canceled."""
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
                if request.progress:
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
    """Keys that are symbolic links to outside of the root, which the storage refuses."""
    reads: list[str] = field(default_factory=list)
    uploads: int = 0
    described: list[DatasetUpload] = field(default_factory=list)
    """Uploads into datasets, with their descriptions."""
    thumbnails: int = 0
    """Number of thumbnails that were made."""
    presigned: str | None = None
    """Base of presigned URLs; None: the data root is a folder, which has none."""
    busy: set[str] = field(default_factory=set)
    """Keys of exports that are being written."""
    exported: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys of the files of each export, by its target."""
    open_reads: int = 0
    """Number of downloads with an open file."""

    def require(self, key: str) -> bytes:
        self.reads.append(key)
        if key in self.links_out:
            raise outside(key)
        if key not in self.contents:
            raise NotFound("object", key)
        return self.contents[key]

    async def stat(self, key: str) -> ObjectStat:
        return ObjectStat(key, len(self.require(key)), EPOCH, "etag-1")

    async def read(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        content = self.require(key)
        part = content[start:] if length is None else content[start : start + length]
        self.open_reads += 1
        try:
            for at in range(0, len(part), 16):
                yield part[at : at + 16]
        finally:
            self.open_reads -= 1

    async def thumbnail(self, stat: ObjectStat, side_px: int) -> bytes:
        if self.require(stat.key) != PNG:
            raise InvalidImage.of("image", None, "a decodable image", "is not an image we decode")
        self.thumbnails += 1
        return b"RIFF small WEBP of %d" % side_px

    async def presign(self, key: str, expires_s: int) -> str | None:
        return self.presigned and f"{self.presigned}/{key}?expires={expires_s}"

    async def delete_image(self, key: str) -> None:
        self.require(key)
        stem = key.rpartition(".")[0]
        for name in [n for n in self.contents if n == key or n.startswith(f"{stem}.")]:
            del self.contents[name]

    async def delete_export(self, key: str) -> None:
        if key in self.busy:
            raise Conflict(f"An export to {key} is running")
        found = [n for n in self.contents if n == key or n.startswith(f"{key}/")]
        if not found:
            raise NotFound("export", key)
        for name in found:
            del self.contents[name]

    async def upload_image(self, content: bytes, folder: str | None, unique: str) -> str:
        if not content.startswith(b"\x89PNG"):
            raise InvalidImage.of("image", None, "a decodable image", "is not an image we decode")
        self.uploads += 1
        key = f"uploads/{folder}/u{self.uploads}.png" if folder else f"uploads/u{self.uploads}.png"
        self.contents[key] = content
        return key

    async def upload_into(self, content: bytes, upload: DatasetUpload) -> str:
        self.described.append(upload)
        key = await self.upload_image(content, None, "")
        self.contents[f"generated/{upload.dataset}/u{self.uploads}.png"] = self.contents.pop(key)
        return f"generated/{upload.dataset}/u{self.uploads}.png"

    async def files_of_export(self, key: str) -> Sequence[str]:
        return self.exported.get(key, ())

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        keys = [
            key
            for key in sorted(self.contents)
            if key.startswith(f"{folder_key}/") and key.endswith(".png")
        ]
        return keys[:limit]

    async def list_left_out(self, folder_key: str, limit: int) -> tuple[int, Sequence[SkippedFile]]:
        names = [
            key.removeprefix(f"{folder_key}/")
            for key in sorted(self.contents)
            if key.startswith(f"{folder_key}/") and not key.endswith((".png", ".json"))
        ]
        return len(names), [SkippedFile(name, "not a supported image") for name in names[:limit]]


@dataclass
class FakeUsage:
    """Counts usage in memory, like the ledger in the data root."""

    used: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    held: dict[tuple[str, str], int] = field(default_factory=dict)

    def used_bytes(self, owner: tuple[str, str]) -> int:
        return sum(self.used.get(owner, {}).values())

    async def reserve(self, owner: tuple[str, str], quota_bytes: int, size_bytes: int) -> None:
        used, held = self.used_bytes(owner), self.held.get(owner, 0)
        if used + held + size_bytes > quota_bytes:
            raise InsufficientStorage("The storage quota is spent", "quota", quota_bytes, used)
        self.held[owner] = held + size_bytes

    async def settle(
        self, owner: tuple[str, str], size_bytes: int, stored: Sequence[tuple[str, int]]
    ) -> None:
        self.held[owner] -= size_bytes
        self.used.setdefault(owner, {}).update(stored)

    async def forget(self, key: str) -> None:
        for stored in self.used.values():
            for name in [n for n in stored if n == key or n.startswith(f"{key}/")]:
                del stored[name]


def outside(key: str) -> InvalidParameters:
    """The error of a storage for a key outside of the root."""
    return InvalidPath.of("path", key, "inside the root", "must not lead out of the data root")
