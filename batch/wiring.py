"""Create the parts of a job's actors from its config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from batch.config import JobConfig
from batch.making.checking import Checker
from batch.marking import job_marks
from engines.datasets.marking import ImageMarks
from engines.images import ImageLimits
from engines.profiles import ProfileService
from engines.profiles.comparison import compare
from engines.profiles.matching import ColorMatching, MatchColors
from engines.provenance.watermark import watermarked
from engines.storage.opening import open_storage

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import DiffusionEngine, Storage
    from engines.types import Comparison

_LIBRARIES = ("ray", "torch", "diffusers", "transformers", "numpy", "opencv-python-headless")


class Wiring(Protocol):
    """Creates the parts of a job's actors. Picklable, and contains no secrets."""

    def output(self) -> Storage:
        """The storage of the output."""

    def engine(self) -> DiffusionEngine:
        """A new engine, not started."""

    def checker(self) -> Checker:
        """The checks, loaded and warmed up."""

    def matching(self) -> MatchColors:
        """The function that matches an image's colors to the profile in its request, and adds the
        watermark."""

    def marks(self) -> ImageMarks:
        """Adds marks to images; its log of marks is in the output."""

    def compare(self, name: str, statistics: Mapping[str, JsonValue]) -> Comparison:
        """Compare the dataset's statistics with the profile `name`. Raises `NotFound`."""


@dataclass(frozen=True, slots=True)
class JobWiring:
    """Implements `Wiring`. Roots are absolute. S3 credentials come from AWS's own chain."""

    config: JobConfig
    output_root: str
    data_root: str
    models_root: str
    s3_endpoint_url: str | None = None

    def output(self) -> Storage:
        return open_storage(self.output_root, self.s3_endpoint_url)

    def engine(self) -> DiffusionEngine:
        from engines.diffusion.engine import StepEngine

        return StepEngine(self.config.engine, models_root=Path(self.models_root))

    def checker(self) -> Checker:
        limits, checks = ImageLimits(), self.config.checks
        quality = privacy = None
        if checks.quality is not None:
            from engines.quality import QualityValidator
            from engines.quality.metric import PIXEL_METRICS

            judge = QualityValidator(checks.quality)
            quality = partial(judge.validate, metrics=tuple(PIXEL_METRICS))
        if checks.privacy is not None:
            from engines.privacy import build_privacy_validator

            data = open_storage(self.data_root, self.s3_endpoint_url)
            looker = build_privacy_validator(checks.privacy, limits, data)
            looker.warm()
            privacy = partial(looker.validate, check_faces=checks.faces, check_text=checks.text)
        return Checker(quality, privacy, limits, self.config.compare_profile is not None)

    def matching(self) -> MatchColors:
        match = ColorMatching(self.profiles(), remember=True)
        return watermarked(match, self.config.engine.watermarked, self.config.marks)

    def marks(self) -> ImageMarks:
        return job_marks(self.config.marks, self.output())

    def compare(self, name: str, statistics: Mapping[str, JsonValue]) -> Comparison:
        against = self.profiles().get(name).statistics
        return compare(statistics, against, (self.config.name, name))

    def profiles(self) -> ProfileService:
        """The profiles in the data root, including those that come with the service."""
        service = ProfileService(open_storage(self.data_root, self.s3_endpoint_url))
        service.seed()
        return service


def library_versions() -> Mapping[str, str]:
    """Library to version, for the libraries that make and write images; without missing ones."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
