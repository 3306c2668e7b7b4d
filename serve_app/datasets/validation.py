"""Runs the validators over all images of a dataset, a limited number of images at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from engines.errors import (
    InferloopError,
    InsufficientStorage,
    InvalidParameters,
    NotFound,
    Overloaded,
)
from engines.types.datasets.datasets import SKIPPED_NAMED
from serve_app.config import CallDeadlines, DatasetValidationLimits
from serve_app.flow.deadlines import within
from serve_app.flow.fan_out import fan_out
from serve_app.flow.progress_stream import OnProgress
from serve_app.paths import PathCodec
from serve_app.schemas.datasets.export import SkippedFileOut
from serve_app.schemas.validation import (
    DatasetValidationBody,
    DatasetValidationResponse,
    ValidationFailure,
    ValidatorSummary,
)
from serve_app.services import Services

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Judged:
    """The verdict of one validator on one image.

    `score` is None if the image could not be judged.
    """

    validator: str
    key: str
    passed: bool
    score: float | None
    reason: str
    kinds: tuple[str, ...] = ()
    """The names of the failed factors or the types of issues."""


class DatasetValidation:
    """Validates a dataset.

    An image that cannot be judged counts as an error and does not stop the validation. It stops if
    the data root has no room for verdicts.
    """

    def __init__(
        self,
        services: Services,
        paths: PathCodec,
        limits: DatasetValidationLimits,
        deadlines: CallDeadlines,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._services = services
        self._paths = paths
        self._limits = limits
        self._deadlines = deadlines
        self._sleep = sleep

    async def run(
        self,
        dataset_key: str,
        body: DatasetValidationBody,
        on_progress: OnProgress = lambda done, total: None,
    ) -> DatasetValidationResponse:
        """Judge all images. Reports progress at the start (0 of all) and after every image.

        Raises `NotFound` if there are no images, `InvalidParameters` if there are too many,
        `DeadlineExceeded`.
        """
        keys = await self._keys(dataset_key)
        count, named = await self._services.files.list_left_out(dataset_key, SKIPPED_NAMED)
        on_progress(0, len(keys))
        judged = 0
        deadlines = self._deadlines
        deadline_s = deadlines.dataset_base_s + deadlines.dataset_s_per_image * len(keys)

        async def judge(key: str) -> tuple[_Judged, _Judged]:
            nonlocal judged
            pair = await self._quality(key, body), await self._privacy(key, body)
            judged += 1
            on_progress(judged, len(keys))
            return pair

        pairs = await within(deadline_s, fan_out(keys, judge, self._limits.in_flight))
        return DatasetValidationResponse(
            dataset_dir=self._paths.to_wire(dataset_key),
            image_count=len(keys),
            quality=_summary([quality for quality, _ in pairs]),
            privacy=_summary([privacy for _, privacy in pairs]),
            failures=self._failures([judged for pair in pairs for judged in pair]),
            skipped_count=count or None,
            skipped=[SkippedFileOut(name=each.name, reason=each.reason) for each in named] or None,
        )

    async def _keys(self, dataset_key: str) -> list[str]:
        limit = self._limits.max_images
        keys = await self._services.files.list_images(dataset_key, limit + 1)
        path = self._paths.to_wire(dataset_key)
        if not keys:
            raise NotFound("dataset", path)
        if len(keys) > limit:
            raise InvalidParameters.of(
                "dataset_dir", path, f"images <= {limit}", f"must hold at most {limit} images"
            )
        return list(keys)

    async def _quality(self, key: str, body: DatasetValidationBody) -> _Judged:
        try:
            report = await self._patiently(
                lambda: self._services.quality.validate(key, body.metrics)
            )
        except InvalidParameters as error:
            _raise_if_about_the_request(error)
            return _Judged("quality", key, False, None, error.message)
        except InsufficientStorage:  # The same would happen for every image.
            raise
        except InferloopError as error:
            return _Judged("quality", key, False, None, error.message)
        reason = "quality not passed"
        kinds: tuple[str, ...] = ()
        if (weak := report.weakest) is not None:
            reason += f": {weak.factor} {weak.value:.2f} of {weak.threshold:.2f}. {weak.advice}"
            kinds = (weak.factor,)
        return _Judged("quality", key, report.passed, report.quality_score, reason, kinds)

    async def _privacy(self, key: str, body: DatasetValidationBody) -> _Judged:
        try:
            report = await self._patiently(
                lambda: self._services.privacy.validate(key, body.check_faces, body.check_text)
            )
        except InsufficientStorage:
            raise
        except InferloopError as error:
            return _Judged("privacy", key, False, None, error.message)
        kinds = tuple(dict.fromkeys(issue.type for issue in report.issues))
        reason = f"privacy not passed: {', '.join(kinds)}"
        return _Judged("privacy", key, report.passed, float(report.privacy_score), reason, kinds)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The result of `ask`; if the validator is busy, wait as told and retry a few times."""
        for _ in range(self._limits.overload_retries):
            try:
                return await ask()
            except Overloaded as error:
                await self._sleep(error.retry_after_s)
        return await ask()

    def _failures(self, judged: list[_Judged]) -> list[ValidationFailure]:
        failed = [one for one in judged if not one.passed]
        return [
            ValidationFailure(image_path=self._paths.to_wire(one.key), reason=one.reason)
            for one in failed[: self._limits.max_failures_listed]
        ]


def _raise_if_about_the_request(error: InvalidParameters) -> None:
    """Raise errors of the request, such as an unknown metric, which would repeat for every
    image."""
    if any(fault.parameter == "metrics" for fault in error.faults):
        raise error


def _summary(judged: list[_Judged]) -> ValidatorSummary:
    scores = [one.score for one in judged if one.score is not None]
    passed = sum(one.passed for one in judged)
    reasons = Counter(kind for one in judged if not one.passed for kind in one.kinds)
    return ValidatorSummary(
        passed=passed,
        failed=len(scores) - passed,
        errors=len(judged) - len(scores),
        mean_score=round(sum(scores) / len(scores), 4) if scores else None,
        reasons=dict(reasons.most_common()) or None,
    )
