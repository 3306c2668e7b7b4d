"""Make declared datasets as jobs of their caller, within its quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.result import DatasetResult
from engines.datasets.spec.run import DatasetRun
from engines.datasets.spec.tries import Judged
from engines.errors import DeadlineExceeded, InvalidParameters, Overloaded
from engines.types import GenerationRequest, StoredImage
from serve_app.budgets.storage import expected_bytes
from serve_app.context import Context
from serve_app.durable.making import check_free
from serve_app.flow.progress_stream import OnProgress
from serve_app.generation.making import check_profiles
from serve_app.generation.required import RequiredChecks

T = TypeVar("T")

OVERLOAD_RETRIES = 100
"""Retries with a busy deployment before the call fails."""
LATE_RETRIES = 2
"""Retries of one image or one check that missed its deadline, so that a machine that is busy for
some minutes does not end a run of hours."""
CHECKED_ITEMS = 100
"""Number of items whose requests are checked before any image is made."""


@dataclass(frozen=True, slots=True)
class ServiceWorkshop:
    """The `Workshop` of the service. If a deployment is busy or late, it tries again."""

    context: Context
    checks: RequiredChecks
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def default_model(self) -> str:
        return self.context.config.default_model_id

    async def make(self, request: GenerationRequest) -> StoredImage:
        return await self._patiently(lambda: self._made(request))

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        return await self._patiently(lambda: self.checks.judge(image, request))

    async def discard(self, key: str) -> None:
        await self.checks.discard(key)
        await self.context.storage_quota.forget(key)

    async def _made(self, request: GenerationRequest) -> StoredImage:
        context, size_bytes = self.context, expected_bytes([request])
        async with context.storage_quota.room(context.caller, size_bytes) as room:
            job_id = context.jobs.submit(request, room.add)
            with context.jobs.lease(job_id):
                return await context.jobs.outcome(job_id)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        late = 0
        for _ in range(OVERLOAD_RETRIES):
            try:
                return await ask()
            except Overloaded as error:
                await self.sleep(error.retry_after_s)
            except DeadlineExceeded:
                late += 1
                if late > LATE_RETRIES:
                    raise
        return await ask()


def workshop_of(context: Context, plan: DatasetPlan) -> ServiceWorkshop:
    """The workshop that makes the images of a plan for this caller."""
    spec, deadline_s = plan.spec, context.config.deadlines.validation_s
    checks = RequiredChecks(context.services, spec.require, spec.max_tries, deadline_s)
    return ServiceWorkshop(context, checks)


async def check_plan(context: Context, plan: DatasetPlan) -> None:
    """Check a plan before any image is made.

    Raises:
        InvalidParameters: there are too many images, or a prompt is too long with its values.
        NotFound: a model or an adapter is not served, or there is no such profile.
    """
    limit = context.config.dataset_creation.max_images
    if plan.total > limit:
        what = "quotas" if plan.spec.quotas else "count"
        words = f"at most {limit} images"
        raise InvalidParameters.of(what, plan.total, words, f"must ask for {words}")
    for item in islice(plan.items(), CHECKED_ITEMS):
        request = plan.request(item, context.config.default_model_id)
        context.services.generation.check(request)
    await check_profiles(context, plan.spec.profiles)


async def create(context: Context, plan: DatasetPlan, on_progress: OnProgress) -> DatasetResult:
    """Make the missing images of the dataset; see `DatasetRun`.

    Raises:
        Conflict: the dataset has another declaration, or is being made already.
        InferloopError: the error that ended the run; another run can continue.
    """
    if context.run is None:  # otherwise it is the run of such a job
        await check_free(context, plan.spec.name)
    with context.running_datasets.hold(context.jobs.space, plan.spec.name):
        return await _create(context, plan, on_progress)


async def _create(context: Context, plan: DatasetPlan, on_progress: OnProgress) -> DatasetResult:
    datasets, spec = context.services.datasets, plan.spec
    declaration = spec.model_dump_json().encode()
    before = await datasets.open_declared(spec.name, plan.identity, declaration)
    in_flight = context.config.dataset_creation.in_flight
    run = DatasetRun(plan, workshop_of(context, plan), in_flight, before, on_progress)
    try:
        return await run.run()
    finally:
        taken, short = [*run.result.taken.values()], run.result.short
        await datasets.close_declared(spec.name, taken, short)
