"""Uploads are decoded whole before they are kept, in worker processes, a few at once."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.mark_reading import mark_of, watermark_of
from deployments.wiring.workers import WorkerPool
from engines.errors import JsonValue
from engines.images import ImageInfo, ImageLimits, verify
from engines.images.small import small_webp
from engines.provenance.config import MarksConfig
from engines.sandbox import Sandbox, SandboxLimits
from inferloop_synthdata.marks.reading import Anchors

_PRELOAD: Sequence[str] = (verify.__module__, small_webp.__module__)


class UploadChecker:
    """Shared by all spaces of an ingress replica. Uploads past `sandbox.workers` wait in order."""

    def __init__(self, images: ImageLimits, sandbox: SandboxLimits) -> None:
        """Blocks until every worker process answers."""
        self._images = images
        self._sandbox = Sandbox(sandbox, _PRELOAD)
        self._threads = WorkerPool(sandbox.workers, self._sandbox.warm)

    async def check(self, content: bytes) -> ImageInfo:
        """What the file is; `InvalidImage` where it does not decode, or passes the limits."""
        return await self._threads.run(self._sandbox.run, verify, content, self._images)

    def thumbnail(self, content: bytes, side_px: int) -> bytes:
        """The picture small, as WebP; `InvalidImage` where it does not decode. Blocks; from any
        thread."""
        return self._sandbox.run(small_webp, content, side_px, self._images)

    def read_mark(self, content: bytes, anchors: Anchors) -> dict[str, JsonValue]:
        """What the file's mark says; `InvalidImage` where it carries none, or passes the limits.
        Blocks; from any thread."""
        return self._sandbox.run(mark_of, content, anchors)

    def read_watermark(self, content: bytes, config: MarksConfig) -> dict[str, JsonValue]:
        """What the file's pixels carry. Blocks; from any thread. Raises as `watermark_of`."""
        return self._sandbox.run(watermark_of, content, self._images, config)

    def close(self) -> None:
        """End the threads and the processes."""
        self._threads.close()
        self._sandbox.close()
