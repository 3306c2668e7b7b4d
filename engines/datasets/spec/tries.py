"""Makes an image again until it meets its requirements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engines.datasets.spec.seeds import seed_of_try
from engines.errors import Conflict, RequirementsNotMet
from engines.types import GenerationRequest, StoredImage, Verdicts

Make = Callable[[GenerationRequest], Awaitable[StoredImage]]
"""Makes and stores an image. If an earlier run of the same request stored it, returns that."""

EARLIER_RUN = "earlier run"
"""The reason that is counted for an attempt of an earlier, interrupted run. The requirement that
its image did not meet is not known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on an image, and the names of the requirements that it does not meet."""

    verdicts: Verdicts
    missed: tuple[str, ...]


class Checks(Protocol):
    """Checks images, and removes those that do not pass."""

    @property
    def max_tries(self) -> int:
        """Most attempts, at least 1."""

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        """Check an image against all its requirements."""

    async def discard(self, key: str) -> None:
        """Remove the image and the files beside it. No error if the image does not exist."""


async def first_that_passes(request: GenerationRequest, make: Make, checks: Checks) -> StoredImage:
    """The image of the first attempt that passes, with its verdicts.

    Every attempt has the request's id and its own seed (`seed_of_try`). An image that does not pass
    is removed before the next one is made. An image that could not be checked (canceled, or the
    validator failed) is removed as well.

    Raises:
        RequirementsNotMet: no attempt passed.
        Conflict: another image has the id, and the request is not repeated.
        InferloopError: an error of `make` or `checks`.
    """
    missed: Counter[str] = Counter()
    for number in range(checks.max_tries):
        attempt = replace(request, seed=seed_of_try(request.seed, number))
        try:
            image = await make(attempt)
        except Conflict:
            if not request.repeated:
                raise
            # An earlier run stored a later attempt under this id, so this attempt did not pass.
            missed[EARLIER_RUN] += 1
            continue
        judged = await _judged(image, attempt, checks)
        if not judged.missed:
            return replace(image, verdicts=judged.verdicts, tries=number + 1)
        missed.update(judged.missed)
    raise RequirementsNotMet(checks.max_tries, missed)


async def _judged(image: StoredImage, request: GenerationRequest, checks: Checks) -> Judged:
    """Check an image. It is removed unless it passes."""
    kept = False
    try:
        judged = await checks.judge(image, request)
        kept = not judged.missed
    finally:
        if not kept:
            await checks.discard(image.key)
    return judged
