"""One batch call: one job per image, a bounded number of them in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engines.errors import InferloopError
from engines.types import GenerationRequest, StoredImage
from serve_app.errors import BatchFailed
from serve_app.jobs import JobService
from serve_app.paths import PathCodec


async def run_batch(
    jobs: JobService, paths: PathCodec, requests: Sequence[GenerationRequest], in_flight: int
) -> list[StoredImage]:
    """Images in the order of the requests.

    The first error stops the rest and is raised as `BatchFailed`, which names what was made by
    then. Cancelling the call stops all of it.
    """
    slots = asyncio.Semaphore(in_flight)
    made: dict[int, StoredImage] = {}

    async def make(index: int, request: GenerationRequest) -> None:
        await slots.acquire()
        job_id = jobs.submit(request)
        with jobs.lease(job_id):
            made[index] = await jobs.outcome(job_id)
        # Given back only after success: nothing new starts while a failure ends the call.
        slots.release()

    try:
        async with asyncio.TaskGroup() as group:
            for index, request in enumerate(requests):
                group.create_task(make(index, request))
    except* InferloopError as errors:
        first = _first(errors)
        completed = tuple(paths.to_wire(made[index].key) for index in sorted(made))
        raise BatchFailed(first, completed) from first
    return [made[index] for index in range(len(requests))]


def _first(errors: BaseExceptionGroup[InferloopError]) -> InferloopError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
