"""Requests and answers of OpenAI's Images API, as far as this service has something to say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from engines.types.limits import Speed
from serve_app.schemas.base import Name, RequestModel, ResponseModel, WirePath
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import SIZE_PATTERN

MAX_IMAGES = 10
"""Of one call, as OpenAI has it."""

Said = Annotated[str, StringConstraints(max_length=512)]
"""What a client may say and nothing here depends on."""


class ImagesBody(RequestModel):
    """`prompt`, `model`, `n`, `size` and how to answer; more (`seed`, ...) through `extra_body`.
    Null is as good as left out. The rest of OpenAI's fields is taken and has no effect."""

    model_config = ConfigDict(
        json_schema_extra=shown({"prompt": "A red fox in the snow", "n": 1, "size": "512x512"})
    )

    prompt: str = Field(description="What the images show.")
    model: str | None = Field(default=None, description="One of `GET /v1/models`.")
    n: int | None = Field(default=None, ge=1, le=MAX_IMAGES, description="Images; 1 if left out.")
    size: Annotated[str, StringConstraints(pattern=SIZE_PATTERN)] | None = Field(
        default=None, description='Width and height, "512x512"; "auto": the model\'s own.'
    )
    response_format: Literal["b64_json", "url"] | None = Field(
        default=None, description="b64_json if left out."
    )
    stream: bool | None = Field(default=None, description="Answer with Server-Sent Events.")
    partial_images: int | None = Field(
        default=None, ge=0, le=3, description="Previews of each image before it is done (stream)."
    )
    output_format: Literal["png"] | None = None
    background: Literal["opaque", "auto"] | None = None
    output_compression: Literal[100] | None = None

    quality: Said | None = Field(default=None, description="No effect.")
    style: Said | None = Field(default=None, description="No effect.")
    user: Said | None = Field(default=None, description="No effect.")
    moderation: Said | None = Field(default=None, description="No effect.")
    safety_identifier: Said | None = Field(default=None, description="No effect.")

    seed: int | None = Field(default=None, description="Image i uses seed + i.")
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    dataset: Name | None = None
    profile: Name | None = None
    profile_strength: float | None = None
    lora: Name | None = None
    guidance_rescale: float | None = None
    speed: Speed | None = None


class ImageOut(ResponseModel):
    """One image; `image_path` and `seed` are ours."""

    b64_json: str | None = Field(default=None, description="The PNG, base64.")
    url: str | None = Field(default=None, description="Where to fetch it.")
    image_path: WirePath = Field(description="What the calls below /api/v1 take.")
    seed: int = Field(description="As given, or as drawn by the server.")


class ImagesOut(ResponseModel):
    """The answer, as the `openai` package reads it."""

    created: int = Field(description="Seconds since 1970.")
    data: list[ImageOut]
    background: Literal["opaque"] = "opaque"
    output_format: Literal["png"] = "png"
    size: str


class ModelOut(ResponseModel):
    """A model that can be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="0: not known.")
    owned_by: str = "inferloop"


class ModelList(ResponseModel):
    """Every model of the service."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIErrorObject(ResponseModel):
    """OpenAI's words for what went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


OPENAI_ERROR: dict[str, Any] = {
    "error": {
        "message": "Invalid parameter: size must be between 64 and 1024",
        "type": "invalid_request_error",
        "param": "size",
        "code": "invalid_value",
    }
}


class OpenAIError(ResponseModel):
    """Every error below /v1."""

    error: OpenAIErrorObject
