"""Makes the images of a request as jobs within the caller's quotas."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

from engines.datasets.spec.tries import Checks
from engines.types import GenerationRequest, StepProgress, StoredImage
from serve_app.budgets.storage import expected_bytes
from serve_app.context import Context
from serve_app.durable.run import JobRun, unheard
from serve_app.flow.deadlines import within
from serve_app.flow.progress_stream import OnProgress
from serve_app.generation.batch import run_batch
from serve_app.generation.job_log import JobEvent
from serve_app.generation.jobs import OnStored
from serve_app.generation.requests import batch_requests, single_request
from serve_app.schemas.generation import BatchBody, GenerateBody

SERVED_MODEL = "X-Served-Model"
"""Response header with the id of the model that made the images."""


async def check_profiles(context: Context, names: Iterable[str]) -> None:
    """Look up the profiles, before work that needs them begins. Raises `NotFound`."""
    for name in names:
        work = context.services.profiles.get(name)
        await within(context.config.deadlines.lookup_s, work)


async def one_generation(context: Context, body: GenerateBody) -> GenerationRequest:
    """The engine's request for a `generate` body. Raises what `Generation.check` raises, and
    `NotFound` for a profile that does not exist."""
    generation = single_request(
        body,
        context.ids.image(),
        context.draw_seed,
        progress=context.watched,
        previews=context.previews,
    )
    context.services.generation.check(generation)
    await check_profiles(context, body.profiles)
    return replace(generation, repeated=context.repeated)


async def many_generations(
    context: Context, body: BatchBody, unique: str, max_seed: int
) -> list[GenerationRequest]:
    """The engine's requests for a batch body. Raises what `Generation.check` raises, `NotFound`
    for a profile that does not exist, and `InvalidParameters` if the last image's seed would be
    above `max_seed`, or if there are not as many labels or metadata as prompts."""
    generations = batch_requests(body, unique, context.draw_seed, max_seed)
    context.services.generation.check(
        generations[0]
    )  # The other requests differ only in their prompts.
    await check_profiles(context, body.profiles)
    return [replace(each, repeated=context.repeated) for each in generations]


async def stored_image(
    context: Context, generation: GenerationRequest, checks: Checks | None = None
) -> StoredImage:
    """Make one image as a job of the caller, counted against its quota.

    With `checks`, it is made again until it passes.
    """
    async with context.storage_quota.room(context.caller, expected_bytes([generation])) as room:
        job_id = context.jobs.submit(generation, room.add, checks)
        with context.jobs.lease(job_id):
            if context.run is not None and context.watched:
                await _tell(context.run, context.jobs.events(job_id))
            return await context.jobs.outcome(job_id)


async def stored_images(
    context: Context,
    generations: Sequence[GenerationRequest],
    in_flight: int,
    checks: Checks | None = None,
    on_progress: OnProgress = unheard,
) -> list[StoredImage]:
    """Make the images, `in_flight` at once, and return them in the order of the requests.

    `on_progress` is called with the number of images made so far. Raises `BatchFailed`.
    """
    async with context.storage_quota.room(context.caller, expected_bytes(generations)) as room:
        stored = _counted(on_progress, len(generations), room.add)
        jobs, paths = context.jobs, context.paths
        return await run_batch(jobs, paths, generations, in_flight, stored, checks)


async def _tell(run: JobRun, events: AsyncIterator[JobEvent]) -> None:
    """Report the steps of one image until its job ends."""
    async for logged in events:
        step = logged.event
        if isinstance(step, StepProgress):
            run.report(step.step, step.total_steps, step.preview_jpeg)


def _counted(on_progress: OnProgress, total: int, on_stored: OnStored) -> OnStored:
    """As `on_stored`, and report each stored image of the batch as progress."""
    stored = set[str]()
    on_progress(0, total)

    def count(key: str, size_bytes: int) -> None:
        on_stored(key, size_bytes)
        stored.add(key)
        on_progress(len(stored), total)

    return count
