"""Decodes uploads completely before they are stored, in a limited number of worker processes."""

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
    """Checks uploads, for all spaces of an ingress replica.

    Uploads beyond `sandbox.workers` wait in order. A worker process starts when a file first needs
    it, because many services never get an upload. This file waits 0.4 s longer.
    """

    def __init__(self, images: ImageLimits, sandbox: SandboxLimits) -> None:
        """Does not start a process yet."""
        self._images = images
        self._sandbox = Sandbox(sandbox, _PRELOAD)
        self._threads = WorkerPool(sandbox.workers, lambda: None)

    async def check(self, content: bytes) -> ImageInfo:
        """The format and size of the file.

        Raises `InvalidImage` if it cannot be decoded or exceeds the limits.
        """
        return await self._threads.run(self._sandbox.run, verify, content, self._images)

    def thumbnail(self, content: bytes, side_px: int) -> bytes:
        """A small copy as WebP. Blocks; can be called from any thread.

        Raises `InvalidImage` if the file cannot be decoded.
        """
        return self._sandbox.run(small_webp, content, side_px, self._images)

    def read_mark(self, content: bytes, anchors: Anchors) -> dict[str, JsonValue]:
        """The contents of the file's mark. Blocks; can be called from any thread.

        Raises `InvalidImage` for a file that is not PNG, JPEG or WebP, or that takes too much time
        or memory to read. A file without a mark raises nothing.
        """
        return self._sandbox.run(mark_of, content, anchors)

    def read_watermark(self, content: bytes, config: MarksConfig) -> dict[str, JsonValue]:
        """The watermark in the file's pixels.

        Blocks; can be called from any thread. Raises as `watermark_of`.
        """
        return self._sandbox.run(watermark_of, content, self._images, config)

    def close(self) -> None:
        """Stop the threads and the processes."""
        self._threads.close()
        self._sandbox.close()
