"""Requests and answers of OpenAI's Images API, with the fields that this service supports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from engines.types.limits import Speed
from engines.types.names import NewName
from serve_app.schemas.base import Name, RequestModel, ResponseModel, WirePath
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import SIZE_PATTERN

MAX_IMAGES = 10
"""Most images of one call. OpenAI's API has the same limit."""

Said = Annotated[str, StringConstraints(max_length=512)]
"""A field that is accepted but has no effect."""


class ImagesBody(RequestModel):
    """A request for images, in the form of the `openai` package.

    Fields that the package does not know, such as `seed`, are sent with its `extra_body`. Null
    means the same as a field that is left out. `quality`, `style`, `user`, `moderation` and
    `safety_identifier` are accepted and have no effect.
    """

    model_config = ConfigDict(
        json_schema_extra=shown({"prompt": "A red fox in the snow", "n": 1, "size": "512x512"})
    )

    prompt: str = Field(description="What the images show.")
    model: str | None = Field(default=None, description="One of `GET /v1/models`.")
    n: int | None = Field(
        default=None, ge=1, le=MAX_IMAGES, description="Number of images; 1 if left out."
    )
    size: Annotated[str, StringConstraints(pattern=SIZE_PATTERN)] | None = Field(
        default=None,
        description='Width and height in pixels, such as "512x512". "auto": the model\'s own size.',
    )
    response_format: Literal["b64_json", "url"] | None = Field(
        default=None, description="How images are returned; b64_json if left out."
    )
    stream: bool | None = Field(default=None, description="Answer with Server-Sent Events.")
    partial_images: int | None = Field(
        default=None,
        ge=0,
        le=3,
        description="Number of previews of each image before it is done. Needs `stream`.",
    )
    output_format: Literal["png"] | None = None
    background: Literal["opaque", "auto"] | None = None
    output_compression: Literal[100] | None = None

    quality: Said | None = Field(default=None, description="No effect.")
    style: Said | None = Field(default=None, description="No effect.")
    user: Said | None = Field(default=None, description="No effect.")
    moderation: Said | None = Field(default=None, description="No effect.")
    safety_identifier: Said | None = Field(default=None, description="No effect.")

    seed: int | None = Field(
        default=None, description="Image i (counted from 0) uses seed + i; random if left out."
    )
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    dataset: NewName | None = None
    profile: Name | None = None
    profile_strength: float | None = None
    lora: Name | None = None
    guidance_rescale: float | None = None
    speed: Speed | None = None


class ImageOut(ResponseModel):
    """One image. OpenAI's API does not have `image_path` and `seed`."""

    b64_json: str | None = Field(default=None, description="The PNG file in base64.")
    url: str | None = Field(default=None, description="URL of the image.")
    image_path: WirePath = Field(description="Path of the image for the calls below /api/v1.")
    seed: int = Field(description="The seed of the request, or a random one from the service.")


class ImagesOut(ResponseModel):
    """The answer in the form that the `openai` package reads."""

    created: int = Field(description="Seconds since 1970.")
    data: list[ImageOut]
    background: Literal["opaque"] = "opaque"
    output_format: Literal["png"] = "png"
    size: str


class ModelOut(ResponseModel):
    """A model that a request can name."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Always 0: not known.")
    owned_by: str = "inferloop"


class ModelList(ResponseModel):
    """Every model of the service."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIErrorObject(ResponseModel):
    """The error in OpenAI's form."""

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
    """The answer to every failed request below /v1."""

    error: OpenAIErrorObject
