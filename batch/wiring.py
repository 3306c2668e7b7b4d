"""What the actors of a job are made of: small, picklable, and without secrets."""

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
    """Tests hand in one with a fake engine."""

    def output(self) -> Storage:
        """Where the dataset goes."""

    def engine(self) -> DiffusionEngine:
        """A fresh engine, not started."""

    def checker(self) -> Checker:
        """The judges, loaded and warm."""

    def matching(self) -> MatchColors:
        """What matches an image to its request's profile, and puts its watermark in."""

    def marks(self) -> ImageMarks:
        """What marks the images, with a log of marks in the output."""

    def compare(self, name: str, statistics: Mapping[str, JsonValue]) -> Comparison:
        """The dataset's statistics against the profile `name`; `NotFound` if there is none."""


@dataclass(frozen=True, slots=True)
class JobWiring:
    """The real one. Roots are absolute; S3 credentials come by the standard AWS chain."""

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
        """Profiles of the data root, the shipped ones among them."""
        service = ProfileService(open_storage(self.data_root, self.s3_endpoint_url))
        service.seed()
        return service


def library_versions() -> Mapping[str, str]:
    """Versions of the libraries that make and write an image; absent ones are left out."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
