"""`POST /generate`, `POST /generate/batch`."""

# No `from __future__ import annotations`: the body models are local classes made from the config,
# and FastAPI could not find them by their names.
from typing import TYPE_CHECKING, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from serve_app.access.policy import requires
from serve_app.config import ApiConfig
from serve_app.context import Context, InContext
from serve_app.flow.connection import while_connected
from serve_app.flow.progress_stream import ALSO_LINES, OnProgress, answer
from serve_app.generation.making import (
    SERVED_MODEL,
    many_generations,
    one_generation,
    stored_image,
    stored_images,
)
from serve_app.generation.requests import batch_parameters, generate_parameters
from serve_app.generation.required import RequiredChecks, batch_image, required_checks, verdicts_out
from serve_app.routing import ApiRoute
from serve_app.schemas.bounds.bounded import batch_model, generate_model
from serve_app.schemas.generation import (
    BatchBody,
    BatchResponse,
    GenerateBody,
    GenerateResponse,
    ImageParameters,
)


def generation_router(config: ApiConfig) -> APIRouter:
    """The generation routes, whose bodies have the limits and defaults of the config."""
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
        """Generate one image. The answer is sent when the image is stored."""
        context.note_prompts(body.prompt)
        generation = await one_generation(context, body)
        checks = _checks(context, body)
        with context.job_quota.hold(context.caller.key_hash):
            image = await while_connected(request, stored_image(context, generation, checks))
        response.headers[SERVED_MODEL] = image.served_model
        return GenerateResponse(
            image_path=context.paths.to_wire(image.key),
            prompt=body.prompt,
            parameters=generate_parameters(body, image.seed),
            **verdicts_out(image, context.paths),
        )

    @router.post(
        "/generate/batch",
        dependencies=many,
        response_model=BatchResponse,
        response_model_exclude_unset=True,
        responses=ALSO_LINES,
    )
    async def generate_batch(
        body: BoundedBatch,
        request: Request,
        response: Response,
        context: InContext,
    ) -> BatchResponse | StreamingResponse:
        """Generate an image for each prompt, `batch_size` at the same time. With
        `Accept: application/x-ndjson`, a line of progress per image is sent before the answer.
        """
        return await _batch(context, body, request, response)

    return router


async def _batch(
    context: Context, body: BatchBody, request: Request, response: Response
) -> BatchResponse | StreamingResponse:
    context.note_prompts(*body.prompts)
    unique = context.ids.unique()
    generations = await many_generations(context, body, unique, context.config.bounds.max_seed)
    checks = _checks(context, body)
    in_flight = min(body.batch_size, len(generations))

    async def work(on_progress: OnProgress) -> BatchResponse:
        with context.job_quota.hold(context.caller.key_hash, in_flight):
            images = await stored_images(context, generations, in_flight, checks, on_progress)
        models = dict.fromkeys(image.served_model for image in images)
        response.headers[SERVED_MODEL] = ", ".join(models)
        return BatchResponse(
            batch_id=f"batch_{unique}",
            images=[
                batch_image(image, prompt, context.paths)
                for image, prompt in zip(images, body.prompts, strict=True)
            ],
            parameters=batch_parameters(body),
        )

    return await answer(request, work, exclude_unset=True)


def _checks(context: Context, body: ImageParameters) -> RequiredChecks | None:
    deadline_s = context.config.deadlines.validation_s
    return required_checks(body, context.services, deadline_s)
