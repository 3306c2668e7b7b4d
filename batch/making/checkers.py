"""Judging in separate Ray actors, so that an image that crashes its judge stops nothing else."""

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
"""Handle of a `CheckerActor`; Ray makes its class at run time, so there is no type to name."""

LoneChecker = Callable[[], AbstractContextManager[CheckerHandle]]
"""Opens a fresh checker that nobody else uses."""

_LANE_CALLS = 4
"""Images that wait at one checker, so that it is never idle between two."""


class CheckerActor:
    """Judges one image at a time."""

    def __init__(self, wiring: Wiring) -> None:
        self._checker = wiring.checker()

    def check(self, content: bytes, row_id: str) -> Judgment:
        """Judge the image; `row_id` names it in what is logged."""
        return self._checker.check(content, row_id)


def start_checkers(
    wiring: Wiring, count: int, num_cpus: float, resources: Mapping[str, float]
) -> list[CheckerHandle]:
    """Actors that Ray restarts when they die. The caller repeats the interrupted calls."""
    actor = ray.remote(CheckerActor).options(
        num_cpus=num_cpus, resources=dict(resources), max_restarts=-1, max_task_retries=0
    )
    return [actor.remote(wiring) for _ in range(count)]


def lone_checker(wiring: Wiring) -> LoneChecker:
    """A function that starts checkers which judge one image each."""

    @contextmanager
    def living() -> Iterator[CheckerHandle]:
        # No CPUs: it must come up even where the job's own actors hold them all.
        checker = ray.remote(CheckerActor).options(num_cpus=0, max_restarts=0).remote(wiring)
        try:
            yield checker
        finally:
            ray.kill(checker)

    return living


class CheckerPool:
    """Shares out images over checkers; one per generator actor, used in its event loop.

    A checker that dies takes the images that wait at it along: each of them is judged again by a
    fresh checker that sees nothing else, so only an image that kills is given up.
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
        """The verdict; raises `CheckFailed` after `max_deaths` deaths alone, or a judge's error."""
        async with self._room:
            lane = self._waiting.index(min(self._waiting))
            self._waiting[lane] += 1
            try:
                return await _ask(self._checkers[lane], content, row_id)
            except RayActorError:  # any of the images that waited there may have killed it
                logger.warning("a checker died, %s is judged again alone", row_id)
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
                    logger.warning("%s killed the checker that judged it alone", row_id)
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
