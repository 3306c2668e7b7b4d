"""One image, made again until it meets what is required."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engines.datasets.spec.seeds import seed_of_try
from engines.errors import Conflict, RequirementsNotMet
from engines.types import GenerationRequest, StoredImage, Verdicts

Make = Callable[[GenerationRequest], Awaitable[StoredImage]]
"""Makes and stores an image; finds the one that an earlier run of the same request stored."""

EARLIER_RUN = "earlier run"
"""Stands for what a try missed in a run that broke off: it is known only that it did not pass."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of an image, and what it missed of the requirements."""

    verdicts: Verdicts
    missed: tuple[str, ...]


class Checks(Protocol):
    """How images are judged, and what becomes of those that do not pass."""

    @property
    def max_tries(self) -> int: ...

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged: ...

    async def discard(self, key: str) -> None:
        """Remove the image with all that lies beside it; one that is gone already is fine."""


async def first_that_passes(request: GenerationRequest, make: Make, checks: Checks) -> StoredImage:
    """The image of the first try that passes, with its verdicts. Every try has the request's id
    and a seed of its own (`seed_of_try`); what did not pass is removed before the next is made, and
    an image that was not judged (canceled, a validator away) is removed too.

    Raises:
        RequirementsNotMet: no try passed.
        InferloopError: what `make` or `checks` raise.
    """
    missed: Counter[str] = Counter()
    for number in range(checks.max_tries):
        attempt = replace(request, seed=seed_of_try(request.seed, number))
        try:
            image = await make(attempt)
        except Conflict:
            if not request.repeated:
                raise
            missed[EARLIER_RUN] += 1  # a later try of that run lies there: this one did not pass
            continue
        judged = await _judged(image, attempt, checks)
        if not judged.missed:
            return replace(image, verdicts=judged.verdicts, tries=number + 1)
        missed.update(judged.missed)
    raise RequirementsNotMet(checks.max_tries, missed)


async def _judged(image: StoredImage, request: GenerationRequest, checks: Checks) -> Judged:
    """The judgment; the image is gone unless it passed."""
    kept = False
    try:
        judged = await checks.judge(image, request)
        kept = not judged.missed
    finally:
        if not kept:
            await checks.discard(image.key)
    return judged
