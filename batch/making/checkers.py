"""Check images in separate Ray actors, so that an image that crashes a validator does not stop the
engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from batch.making.attempts import CheckFailed
from batch.output.outcomes import Judgment
from batch.wiring import Wiring
from engines.errors import InferloopError

logger = logging.getLogger(__name__)

CheckerHandle = Any
"""Handle of a `CheckerActor`. Ray creates the class at run time, so there is no static type."""

LoneChecker = Callable[[], AbstractContextManager[CheckerHandle]]
"""Starts a new checker for one image; it ends with the block."""

_LANE_CALLS = 4
"""Images sent to one checker at the same time, so that it is not idle between two."""


class CheckerActor:
    """Checks one image at a time."""

    def __init__(self, wiring: Wiring) -> None:
        self._checker = wiring.checker()

    def check(self, content: bytes, row_id: str) -> Judgment:
        """Check the image `content`; `row_id` is for log messages."""
        return self._checker.check(content, row_id)


def start_checkers(
    wiring: Wiring, count: int, num_cpus: float, resources: Mapping[str, float]
) -> list[CheckerHandle]:
    """Start checkers, which Ray restarts when they die. The caller must repeat interrupted
    calls."""
    actor = ray.remote(CheckerActor).options(
        num_cpus=num_cpus, resources=dict(resources), max_restarts=-1, max_task_retries=0
    )
    return [actor.remote(wiring) for _ in range(count)]


def lone_checker(wiring: Wiring) -> LoneChecker:
    """A function that starts a checker for one image."""

    @contextmanager
    def living() -> Iterator[CheckerHandle]:
        # 0 CPUs, so that it can start even if the job's actors have reserved all CPUs.
        checker = ray.remote(CheckerActor).options(num_cpus=0, max_restarts=0).remote(wiring)
        try:
            yield checker
        finally:
            ray.kill(checker)

    return living


class CheckerPool:
    """Distributes images to checkers. Each generator actor has one, for its event loop.

    If a checker dies, each image that was sent to it is checked again by a new checker of its own.
    So only the image that kills checkers fails.
    """

    def __init__(
        self, checkers: Sequence[CheckerHandle], max_deaths: int, lone_checker: LoneChecker
    ) -> None:
        self._checkers = checkers
        self._lone_checker = lone_checker
        self._max_deaths = max_deaths
        self._waiting = [0] * len(checkers)
        self._room = asyncio.Semaphore(_LANE_CALLS * len(checkers))
        self._alone = asyncio.Lock()

    async def check(self, content: bytes, row_id: str) -> Judgment:
        """The verdict. Raises `CheckFailed` if `max_deaths` checkers died with only this image, or
        if a validator raised an error."""
        async with self._room:
            lane = self._waiting.index(min(self._waiting))
            self._waiting[lane] += 1
            try:
                return await _ask(self._checkers[lane], content, row_id)
            except RayActorError:  # any of the images sent to it may be the cause
                logger.warning("a checker died; %s is checked again alone", row_id)
            finally:
                self._waiting[lane] -= 1
        async with self._alone:
            return await self._check_alone(content, row_id)

    async def _check_alone(self, content: bytes, row_id: str) -> Judgment:
        for _ in range(self._max_deaths):
            with self._lone_checker() as checker:
                try:
                    return await _ask(checker, content, row_id)
                except RayActorError:
                    logger.warning("%s killed a checker that had no other image", row_id)
        raise CheckFailed(f"The image killed its checker {self._max_deaths} times")


async def _ask(checker: CheckerHandle, content: bytes, row_id: str) -> Judgment:
    try:
        judgment: Judgment = await checker.check.remote(content, row_id)
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, InferloopError):
            raise cause from None
        raise CheckFailed(f"The checker failed: {type(cause).__name__}") from None
    return judgment
