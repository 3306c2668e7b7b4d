"""`POST /v1/images/generations`, `GET /v1/models`."""

# No `from __future__ import annotations`: FastAPI reads the endpoints' annotations, and the body
# model of the batch is made from the config.
from functools import partial
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from engines.errors import NotFound
from serve_app.access.policy import requires
from serve_app.config import ApiConfig
from serve_app.context import InContext
from serve_app.durable.acceptance import REPLAYED, is_kept, kept_answer
from serve_app.generation.making import SERVED_MODEL
from serve_app.openai.answers import (
    SSE,
    Call,
    all_events,
    compact_answer,
    images_out,
    made_images,
    read_compact,
    served_models,
    streamed,
)
from serve_app.openai.schemas import (
    OPENAI_ERROR,
    ImagesBody,
    ImagesOut,
    ModelList,
    ModelOut,
    OpenAIError,
)
from serve_app.openai.translation import batch_body
from serve_app.routing import ApiRoute, Handler, Responses
from serve_app.schemas.bounds.bounded import batch_model

_EVENT = {
    "type": "object",
    "description": "`data` is JSON, with the name of the event as `type`.",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}
_ANSWERS: Responses = {
    200: {
        "model": ImagesOut,
        "description": "The images; with `stream`, events of OpenAI's shapes.",
        "content": {SSE: {"schema": _EVENT}},
    }
}
ModelId = Annotated[str, Path(min_length=1, max_length=200)]


class OpenAIRoute(ApiRoute):
    """A route whose errors have OpenAI's form. Its endpoints store their answers for an
    `Idempotency-Key` themselves, without the bytes of the images."""

    error_model: ClassVar[type[BaseModel]] = OpenAIError
    error_example: ClassVar[dict[str, Any]] = OPENAI_ERROR

    async def answered(self, request: Request, handle: Handler) -> Response:
        """The answer of the route's handler, which is not stored here."""
        return await handle(request)


def openai_router(config: ApiConfig) -> APIRouter:
    """The routes for the models of the config."""
    router = APIRouter(tags=["openai"], route_class=OpenAIRoute)
    batch, models = batch_model(config), {config.default_model_id: None, **config.model_defaults}
    most_in_flight = config.bounds.default_batch_size
    generates = [requires("generate", "generate", "image.generate")]
    reads = [requires(None, budget="read")]

    @router.post(
        "/images/generations",
        dependencies=generates,
        response_model=ImagesOut,
        response_model_exclude_none=True,
        responses=_ANSWERS,
    )
    async def create_openai_images(
        body: ImagesBody, request: Request, response: Response, context: InContext
    ) -> Any:
        """Generate images. `client.images.generate` of the `openai` package sends this request."""
        context.note_prompts(body.prompt)
        call = Call(body, batch_body(body, batch, most_in_flight), config.bounds.max_seed)
        if body.stream and not is_kept(request):
            return await streamed(request, context, call)
        if is_kept(request):
            kept = await kept_answer(request, None, partial(compact_answer, call=call))
            made = read_compact(kept)
            response.headers.update(
                {k: v for k, v in kept.headers.items() if k == REPLAYED.lower()}
            )
        else:
            made = await made_images(request, call)
        response.headers[SERVED_MODEL] = served_models(made)
        if body.stream:
            return await all_events(context, call, made)
        return await images_out(request, context, call, made)

    @router.get("/models", dependencies=reads)
    async def list_openai_models() -> ModelList:
        """The models that a request can name."""
        return ModelList(data=[ModelOut(id=model_id) for model_id in sorted(models)])

    @router.get("/models/{model_id:path}", dependencies=reads)
    async def get_openai_model(model_id: ModelId) -> ModelOut:
        """One model by its name."""
        if model_id not in models:
            raise NotFound("model", model_id)
        return ModelOut(id=model_id)

    return router
