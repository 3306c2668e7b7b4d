"""What all replicas that read users' images need in addition to their config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from engines.images import ImageInfo, ImageLimits, ReadPixels, read_pixels, verify
from engines.sandbox import Sandbox, SandboxLimits
from engines.types import AllowedBuckets

NO_EXPORTS = AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS")
NO_SOURCES = AllowedBuckets("INFERLOOP_S3_SOURCE_BUCKETS")


@dataclass(frozen=True, slots=True)
class FileWiring:
    """What the validators, the exporter and the profiles need in addition to their config."""

    data: DataRoot
    limits: ImageLimits
    export_buckets: AllowedBuckets = NO_EXPORTS
    source_buckets: AllowedBuckets = NO_SOURCES
    sandbox_limits: SandboxLimits = field(default_factory=SandboxLimits)

    def sandbox(self, workers: int, *preload: str) -> Sandbox:
        """Processes that read untrusted images. `preload`: names of modules that they need."""
        limits = self.sandbox_limits.model_copy(update={"workers": workers})
        return Sandbox(limits, preload or (read_pixels.__module__,))

    def pixel_reader(self, workers: int) -> ReadPixels:
        """`read_pixels` in `workers` processes, so that at most `workers` images are read at
        once."""
        sandbox = self.sandbox(workers)
        return lambda content, limits: sandbox.run(read_pixels, content, limits)

    def verifier(self, workers: int) -> Callable[[bytes, ImageLimits], ImageInfo]:
        """`verify` in `workers` processes, which start with the first image."""
        sandbox = self.sandbox(workers, verify.__module__)
        return lambda content, limits: sandbox.run(verify, content, limits)

    @classmethod
    def of(
        cls, settings: Settings, data: DataRoot, limits: ImageLimits, sandbox: SandboxLimits
    ) -> FileWiring:
        """From the environment's settings and the application's limits."""
        buckets = settings.export_buckets(), settings.source_buckets()
        return cls(data, limits, *buckets, sandbox)
