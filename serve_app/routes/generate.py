"""`POST /generate`, `POST /generate/batch`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from engines.types import GenerationRequest, StoredImage
from serve_app.batch import run_batch
from serve_app.connection import while_connected
from serve_app.context import Caller, Context, InContext
from serve_app.generation_requests import (
    batch_parameters,
    batch_requests,
    generate_parameters,
    single_request,
)
from serve_app.schemas.generation import BatchImage, BatchResponse, GenerateResponse

SERVED_MODEL = "X-Served-Model"

router = APIRouter(tags=["generation"])


@router.post("/generate", response_model=GenerateResponse, response_model_exclude_unset=True)
async def generate(
    request: Request, response: Response, context: InContext, caller: Caller
) -> GenerateResponse:
    """Generate one image, and answer when it is stored."""
    body = context.bodies.generate.parse(await request.body())
    order = single_request(body, context.ids.image(), context.draw_seed)
    with context.job_quota.hold(caller):
        image = await while_connected(request, _finished(context, order))
    response.headers[SERVED_MODEL] = image.served_model
    return GenerateResponse(
        image_path=context.paths.to_wire(image.key),
        prompt=body.prompt,
        parameters=generate_parameters(body, image.seed),
    )


@router.post("/generate/batch", response_model=BatchResponse, response_model_exclude_unset=True)
async def generate_batch(
    request: Request, response: Response, context: InContext, caller: Caller
) -> BatchResponse:
    """Generate an image for each prompt, `batch_size` of them at once."""
    body = context.bodies.batch.parse(await request.body())
    unique = context.ids.unique()
    orders = batch_requests(body, unique, context.draw_seed, context.config.bounds.max_seed)
    in_flight = min(body.batch_size, len(orders))
    with context.job_quota.hold(caller, in_flight):
        work = run_batch(context.jobs, context.paths, orders, in_flight)
        images = await while_connected(request, work)
    response.headers[SERVED_MODEL] = ", ".join(dict.fromkeys(i.served_model for i in images))
    return BatchResponse(
        batch_id=f"batch_{unique}",
        images=[
            BatchImage(image_path=context.paths.to_wire(image.key), prompt=prompt)
            for image, prompt in zip(images, body.prompts, strict=True)
        ],
        parameters=batch_parameters(body),
    )


async def _finished(context: Context, order: GenerationRequest) -> StoredImage:
    job_id = context.jobs.submit(order)
    with context.jobs.lease(job_id):
        return await context.jobs.outcome(job_id)
