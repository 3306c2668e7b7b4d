"""`POST /generate`, `POST /generate/batch`."""

# No `from __future__ import annotations`: the body models are made from the config, so FastAPI has
# to see the classes themselves and not their names.
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fastapi import APIRouter, Request, Response

from engines.types import GenerationRequest, StepProgress, StoredImage
from serve_app.access.policy import requires
from serve_app.batch import run_batch
from serve_app.config import ApiConfig
from serve_app.connection import while_connected
from serve_app.context import Context, InContext
from serve_app.durable.run import JobRun
from serve_app.generation_requests import (
    batch_parameters,
    batch_requests,
    generate_parameters,
    single_request,
)
from serve_app.job_log import JobEvent
from serve_app.jobs import OnStored
from serve_app.routing import ApiRoute
from serve_app.schemas.bounded import batch_model, generate_model
from serve_app.schemas.generation import (
    BatchBody,
    BatchImage,
    BatchResponse,
    GenerateBody,
    GenerateResponse,
)
from serve_app.storage_quota import expected_bytes

SERVED_MODEL = "X-Served-Model"


def generation_router(config: ApiConfig) -> APIRouter:
    """The routes, their bodies with the config's bounds and defaults."""
    if TYPE_CHECKING:
        BoundedGenerate: TypeAlias = GenerateBody
        BoundedBatch: TypeAlias = BatchBody
    else:
        BoundedGenerate = generate_model(config)  # noqa: N806 - a class
        BoundedBatch = batch_model(config)  # noqa: N806 - a class
    router = APIRouter(tags=["generation"], route_class=ApiRoute)
    one = [requires("generate", "generate", "image.generate", job="generate")]
    many = [requires("generate", "generate", "image.generate", job="generate.batch")]

    @router.post("/generate", dependencies=one, response_model_exclude_unset=True)
    async def generate_image(
        body: BoundedGenerate,
        request: Request,
        response: Response,
        context: InContext,
    ) -> GenerateResponse:
        """Generate one image, and answer when it is stored."""
        context.note_prompts(body.prompt)
        generation = _checked(context, body)
        with context.job_quota.hold(context.caller.key_hash):
            image = await while_connected(request, _stored(context, generation))
        response.headers[SERVED_MODEL] = image.served_model
        return GenerateResponse(
            image_path=context.paths.to_wire(image.key),
            prompt=body.prompt,
            parameters=generate_parameters(body, image.seed),
        )

    @router.post("/generate/batch", dependencies=many, response_model_exclude_unset=True)
    async def generate_batch(
        body: BoundedBatch,
        request: Request,
        response: Response,
        context: InContext,
    ) -> BatchResponse:
        """Generate an image for each prompt, `batch_size` of them at once."""
        context.note_prompts(*body.prompts)
        unique = context.ids.unique()
        generations = _batch(context, body, unique, config.bounds.max_seed)
        in_flight = min(body.batch_size, len(generations))
        with context.job_quota.hold(context.caller.key_hash, in_flight):
            images = await while_connected(request, _stored_all(context, generations, in_flight))
        response.headers[SERVED_MODEL] = ", ".join(dict.fromkeys(i.served_model for i in images))
        return BatchResponse(
            batch_id=f"batch_{unique}",
            images=[
                BatchImage(image_path=context.paths.to_wire(image.key), prompt=prompt)
                for image, prompt in zip(images, body.prompts, strict=True)
            ],
            parameters=batch_parameters(body),
        )

    return router


def _checked(context: Context, body: GenerateBody) -> GenerationRequest:
    """The request for a body, refused here where no pool takes it."""
    generation = single_request(
        body,
        context.ids.image(),
        context.draw_seed,
        progress=context.watched,
        previews=context.previews,
    )
    context.services.generation.check(generation)
    return replace(generation, repeated=context.repeated)


def _batch(
    context: Context, body: BatchBody, unique: str, max_seed: int
) -> list[GenerationRequest]:
    """The requests for a body, refused here where no pool takes them."""
    generations = batch_requests(body, unique, context.draw_seed, max_seed)
    context.services.generation.check(generations[0])  # the others differ in their prompts
    return [replace(each, repeated=context.repeated) for each in generations]


async def _stored(context: Context, generation: GenerationRequest) -> StoredImage:
    async with context.storage_quota.room(context.caller, expected_bytes([generation])) as room:
        job_id = context.jobs.submit(generation, room.add)
        with context.jobs.lease(job_id):
            if context.run is not None and context.watched:
                await _tell(context.run, context.jobs.events(job_id))
            return await context.jobs.outcome(job_id)


async def _stored_all(
    context: Context, generations: Sequence[GenerationRequest], in_flight: int
) -> list[StoredImage]:
    async with context.storage_quota.room(context.caller, expected_bytes(generations)) as room:
        stored = _counted(context.run, len(generations), room.add)
        return await run_batch(context.jobs, context.paths, generations, in_flight, stored)


async def _tell(run: JobRun, events: AsyncIterator[JobEvent]) -> None:
    """Report the steps of one image until it ends, however it does."""
    async for logged in events:
        step = logged.event
        if isinstance(step, StepProgress):
            run.report(step.step, step.total_steps, step.preview_jpeg)


def _counted(run: JobRun | None, total: int, on_stored: OnStored) -> OnStored:
    """The same, and the images of a kept batch are its progress."""
    if run is None:
        return on_stored
    stored, report = set[str](), run.report

    def count(key: str, size_bytes: int) -> None:
        on_stored(key, size_bytes)
        stored.add(key)
        report(len(stored), total)

    return count
