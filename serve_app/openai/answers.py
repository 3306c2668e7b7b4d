"""Generates the images of a call as jobs of the service, and writes answers in OpenAI's form."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engines.errors import Details, InferloopError
from engines.types import GenerationRequest, StoredImage
from serve_app.context import Context
from serve_app.errors import to_wire
from serve_app.files.downloads import Download
from serve_app.flow.connection import while_connected
from serve_app.generation.making import many_generations, stored_images
from serve_app.openai.error_shape import openai_error
from serve_app.openai.schemas import ImageOut, ImagesBody, ImagesOut
from serve_app.openai.streaming import Begun, Partial, events_of
from serve_app.openai.translation import in_openai_words
from serve_app.schemas.generation import BatchBody

log = logging.getLogger(__name__)

SSE = "text/event-stream"
HEARTBEAT_S = 15.0
_NO_TOKENS: Details = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "total_tokens": 0,
}
"""The type in the `openai` package requires this field. This service does not count tokens."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request in OpenAI's form, and the same request as a body of `POST /generate/batch`."""

    body: ImagesBody
    batch: BatchBody
    max_seed: int

    @property
    def in_flight(self) -> int:
        """Number of images of the call that are generated at the same time."""
        return self.batch.batch_size

    @property
    def size(self) -> str:
        """Width and height of each image in pixels, such as "512x512"."""
        return f"{self.batch.width}x{self.batch.height}"

    async def generations(self, context: Context) -> list[GenerationRequest]:
        """The requests to the engine, one for each image. Raises `InvalidParameters`, with the
        client's field names, if no pool serves them, and `NotFound` for an unknown profile."""
        with in_openai_words():
            unique = context.ids.unique()
            return await many_generations(context, self.batch, unique, self.max_seed)


@dataclass(frozen=True, slots=True)
class Made:
    """An image of the answer without its bytes. This is stored for an `Idempotency-Key`."""

    key: str
    seed: int
    served_model: str

    @classmethod
    def of(cls, image: StoredImage) -> Made:
        """Key, seed and model of a stored image."""
        return cls(image.key, image.seed, image.served_model)


_MADE = TypeAdapter(list[Made])


async def compact_answer(request: Request, call: Call) -> Response:
    """Generate the images. The answer is the list of `Made` as JSON."""
    return JSONResponse([asdict(each) for each in await made_images(request, call)])


def read_compact(answer: Response) -> list[Made]:
    """Read the answer of `compact_answer`."""
    return _MADE.validate_json(bytes(answer.body))


async def made_images(request: Request, call: Call) -> list[Made]:
    """Generate the images within the caller's quotas. Stops if the client disconnects."""
    context: Context = request.state.context  # with an idempotency key, this has its own ids
    generations = await call.generations(context)
    with context.job_quota.hold(context.caller.key_hash, call.in_flight):
        work = stored_images(context, generations, call.in_flight)
        return [Made.of(image) for image in await while_connected(request, work)]


async def images_out(
    request: Request, context: Context, call: Call, made: Sequence[Made]
) -> ImagesOut:
    """The answer to a request without `stream`."""
    data = [await _image_out(request, context, call, each) for each in made]
    return ImagesOut(created=int(time.time()), data=data, size=call.size)


def served_models(made: Sequence[Made]) -> str:
    """Names of the models that really generated the images, separated by commas, for a header."""
    return ", ".join(dict.fromkeys(each.served_model for each in made))


async def all_events(context: Context, call: Call, made: Sequence[Made]) -> Response:
    """The whole stream of a stored answer at once, without previews."""
    events = [await _completed(context, call, each) for each in made]
    return Response(b"".join(events), media_type=SSE)


async def streamed(request: Request, context: Context, call: Call) -> Response:
    """Events, sent as soon as they occur. The work stops if the client disconnects.

    An error before the first step of the first image is raised, so that the answer can have its
    HTTP status. A later error is sent as an event.
    """
    wanted = call.body.partial_images or 0
    generations = [
        replace(each, progress=True, previews=wanted > 0)
        for each in await call.generations(context)
    ]
    lines = _lines(context, call, generations, wanted)
    first = await while_connected(request, _next(lines))
    answer = Download(first, lines, 200, {"Cache-Control": "no-store"}, SSE)
    del answer.headers["content-length"]
    return answer


async def _next(lines: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(lines)


async def _lines(
    context: Context, call: Call, generations: Sequence[GenerationRequest], wanted: int
) -> AsyncGenerator[bytes, None]:
    begun = False
    try:
        news = events_of(context, generations, call.in_flight, wanted, HEARTBEAT_S)
        async with aclosing(news) as events:
            async for event in events:
                if isinstance(event, Partial):
                    yield _partial(call, event)
                elif isinstance(event, StoredImage):
                    yield await _completed(context, call, Made.of(event))
                elif isinstance(event, Begun) or begun:
                    yield b": at work\n\n"
                begun = True
    except Exception as error:
        if not begun:
            raise
        if not isinstance(error, InferloopError):
            log.exception("a stream of images failed")
        wire = to_wire(error)
        context.audit.code = wire.code
        yield _event("error", {"error": openai_error(wire.status, wire.as_object())})


def _partial(call: Call, event: Partial) -> bytes:
    about = _about(call, event.jpeg)
    shown: Details = {**about, "output_format": "jpeg", "partial_image_index": event.index}
    return _event("image_generation.partial_image", shown)


async def _completed(context: Context, call: Call, made: Made) -> bytes:
    about = _about(call, await _content(context, made.key))
    own: Details = {"image_path": context.paths.to_wire(made.key), "seed": made.seed}
    shown: Details = {**about, **own, "output_format": "png", "usage": _NO_TOKENS}
    return _event("image_generation.completed", shown)


def _about(call: Call, image: bytes) -> Details:
    return {
        "b64_json": base64.b64encode(image).decode("ascii"),
        "background": "opaque",
        "created_at": int(time.time()),
        "quality": "auto",
        "size": call.size,
    }


def _event(kind: str, data: Details) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


async def _image_out(request: Request, context: Context, call: Call, made: Made) -> ImageOut:
    path = context.paths.to_wire(made.key)
    if call.body.response_format == "url":
        return ImageOut(url=await _url(request, context, made.key), image_path=path, seed=made.seed)
    content = base64.b64encode(await _content(context, made.key)).decode("ascii")
    return ImageOut(b64_json=content, image_path=path, seed=made.seed)


async def _url(request: Request, context: Context, key: str) -> str:
    """A presigned URL if the storage can make one. Otherwise a URL of this service, which requires
    the API key."""
    elsewhere = await context.services.files.presign(key, context.config.downloads.presigned_s)
    if elsewhere is not None:
        return elsewhere
    return f"{request.base_url}api/v1/images?path={quote(context.paths.to_wire(key))}"


async def _content(context: Context, key: str) -> bytes:
    async with aclosing(context.services.files.read(key)) as chunks:
        return b"".join([chunk async for chunk in chunks])
