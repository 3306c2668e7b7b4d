"""Builds the validators of the replicas of `quality` and `privacy`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from deployments.wiring.files import FileWiring
from deployments.wiring.marks import NO_MARKS, MarksWiring
from deployments.wiring.spaces import PerSpace
from engines.datasets.marking import ImageMarks, NoMarks
from engines.datasets.records.reading import model_of_image, prompt_of_image
from engines.datasets.store.store import DatasetStore
from engines.images import ImageLimits
from engines.privacy.config import PrivacyConfig
from engines.quality.config import QualityConfig
from engines.sandbox import Sandbox

if TYPE_CHECKING:
    from engines.privacy.opening import Further, Opened
    from engines.privacy.validator import PrivacyValidator
    from engines.quality.validator import QualityValidator

Validator = TypeVar("Validator")
Validator_co = TypeVar("Validator_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Judge(Generic[Validator]):
    """A validator for the images of one space. `warm` is called once on each worker thread, and
    loads what the first image would otherwise wait for."""

    store: DatasetStore
    validator: Validator
    warm: Callable[[], object]
    marks: ImageMarks = field(default_factory=NoMarks)
    """The marks of the anonymized copies."""


class JudgeWiring(Protocol[Validator]):
    """Builds the validators of a replica."""

    @property
    def workers(self) -> int:
        """Number of images that are judged at the same time."""

    def judges(self) -> PerSpace[Judge[Validator]]:
        """One validator per space. All share the models and the worker processes."""


@dataclass(frozen=True, slots=True)
class QualityWiring:
    """Implements `JudgeWiring` for the quality check."""

    config: QualityConfig
    files: FileWiring

    @property
    def workers(self) -> int:
        return self.config.workers

    def judges(self) -> PerSpace[Judge[QualityValidator]]:
        from engines.quality.clip import load_metrics
        from engines.quality.validator import QualityValidator

        config = self.config.model_copy(update={"limits": self.files.limits})
        models = load_metrics(config)
        pixels_of = self.files.pixel_reader(config.workers)

        def build(space: str | None) -> Judge[QualityValidator]:
            store = DatasetStore(self.files.data.in_space(space).storage())
            prompt_of = partial(prompt_of_image, store.storage)
            model_of = partial(model_of_image, store.storage)
            validator = QualityValidator(config, models, prompt_of, model_of, pixels_of)
            return Judge(store, validator, validator.warm)

        return PerSpace(build)


@dataclass(frozen=True, slots=True)
class SandboxedOpener:
    """Opens files in worker processes that may be killed."""

    sandbox: Sandbox
    limits: ImageLimits
    config: PrivacyConfig

    def first(self, content: bytes) -> Opened:
        from engines.privacy.opening import open_first

        return self.sandbox.run(open_first, content, self.limits, self.config)

    def further(self, content: bytes) -> Further:
        from engines.privacy.opening import open_further

        return self.sandbox.run(open_further, content, self.limits, self.config)


@dataclass(frozen=True, slots=True)
class PrivacyWiring:
    """Implements `JudgeWiring` for the privacy check."""

    config: PrivacyConfig
    files: FileWiring
    marks: MarksWiring = NO_MARKS

    @property
    def workers(self) -> int:
        return self.config.workers

    def judges(self) -> PerSpace[Judge[PrivacyValidator]]:
        from engines.privacy.build import build_privacy_validator
        from engines.privacy.opening import open_first

        marks = self.marks.maker()
        sandbox = self.files.sandbox(self.config.workers, open_first.__module__)
        opener = SandboxedOpener(sandbox, self.files.limits, self.config)
        # References for the search after memorized images are the service's own, not a space's.
        references = self.files.data.storage()
        validator = build_privacy_validator(self.config, self.files.limits, references, opener)

        def warm() -> None:
            sandbox.warm()
            validator.warm()

        def build(space: str | None) -> Judge[PrivacyValidator]:
            store = DatasetStore(self.files.data.in_space(space).storage())
            return Judge(store, validator, warm, marks(store.storage))

        return PerSpace(build)
