"""API models of generation. `bounds.bounded` adds the limits of the config."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from engines.datasets.spec.requirements import DEFAULT_TRIES, MAX_TRIES, Requirements
from engines.types.datasets.labels import Labels, Metadata
from engines.types.limits import Speed
from engines.types.names import NewName
from serve_app.schemas.base import Name, ResponseModel, Text, WirePath, absent
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.validation import PrivacyResponse, QualityResponse
from serve_app.schemas.webhooks import AsynchronousBody

_ECHOED = ("dataset", "profile", "profile_strength", "lora", "guidance_rescale", "speed")


class ImageParameters(AsynchronousBody):
    """The parameters of single and batch generation. `bounds.bounded` adds limits and defaults."""

    negative_prompt: str | None = None
    model_id: str = ""
    width: int = 0
    height: int = 0
    num_inference_steps: int = 0
    guidance_scale: float = 0.0
    seed: int | None = None
    dataset: NewName | None = Field(
        default=None, description="Store the image in generated/<dataset>/."
    )
    profile: Name | None = Field(
        default=None, description="Profile to whose color statistics the image is matched."
    )
    profile_strength: float = Field(
        default=1.0, ge=0, le=1, description="How much the colors are changed, 0..1."
    )
    lora: Name | None = Field(default=None, description="Adapter of the model (`GET /models`).")
    guidance_rescale: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="How much of the contrast that guidance adds is removed, 0..1. If left out: "
        "the model's default.",
    )
    speed: Speed | None = Field(
        default=None,
        description="exact: the same image as plain diffusers. balanced and fast skip part of the "
        "work; the recipe says which. If left out: the model's default.",
    )
    labels: Labels | None = Field(
        default=None, description="Training labels of the image: label to value."
    )
    metadata: Metadata | None = Field(
        default=None, description="Any JSON to store with the image, at most 4096 bytes."
    )

    require: Requirements | None = Field(
        default=None,
        description='Checks that the image must pass, such as {"quality": true, "privacy": true}. '
        "Until one passes, images are made with other seeds; those that fail are not kept.",
    )
    max_tries: Annotated[int, Field(ge=1, le=MAX_TRIES)] | None = Field(
        default=None,
        description=f"With `require`: most images to make; {DEFAULT_TRIES} if left out.",
    )

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that the image is matched to or compared with, each once."""
        wanted = None if self.require is None else self.require.profile
        names = (self.profile, None if wanted is None else wanted.name)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def extras(self) -> dict[str, JsonValue]:
        """The optional parameters that the request gave, which the answer repeats."""
        names = (*_ECHOED, "labels", "metadata")
        return {
            name: getattr(self, name)
            for name in names
            if name in self.model_fields_set and getattr(self, name) is not None
        }


class GenerateBody(ImageParameters):
    """One image to generate."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATE))

    prompt: str


class BatchBody(ImageParameters):
    """Several images to generate with the same parameters."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATE_BATCH))

    prompts: list[str]
    batch_size: int = 0
    labels_by_prompt: list[Labels] | None = Field(
        default=None,
        description="Labels of each image, in the order of the prompts; they override `labels`.",
    )
    metadata_by_prompt: list[Metadata] | None = Field(
        default=None,
        description="Metadata of each image, in the order of the prompts; they override "
        "`metadata`.",
    )


class GenerateMessageBody(GenerateBody):
    """A `generate` message: the fields of `POST /generate`, and `previews`."""

    previews: bool = Field(default=False, description="Send small JPEGs of the current estimate.")


class EchoedExtras(ResponseModel):
    """Parameters that the answer repeats only if the request gave them."""

    dataset: str | None = None
    profile: str | None = None
    profile_strength: float | None = None
    lora: str | None = None
    guidance_rescale: float | None = None
    speed: Speed | None = None
    labels: dict[str, str] | None = None
    metadata: dict[str, JsonValue] | None = None


class GenerateParameters(EchoedExtras):
    """The parameters with which the image was made. Optional ones only if they were given."""

    negative_prompt: str | None
    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int = Field(description="The given seed, or the one that the server chose.")


class VerdictsOut(ResponseModel):
    """The verdicts on an image with requirements; only of the required checks."""

    quality: QualityResponse | None = Field(default=None, exclude_if=absent)
    privacy: PrivacyResponse | None = Field(default=None, exclude_if=absent)
    conformance: float | None = Field(
        default=None,
        exclude_if=absent,
        description="Similarity to the required profile, 0..100; 100: equal statistics.",
    )


class Required(ResponseModel):
    """Fields that are added to an image by `require`."""

    verdicts: VerdictsOut | None = Field(default=None, exclude_if=absent)
    tries: int | None = Field(
        default=None, exclude_if=absent, description="Number of images made until one passed."
    )


class GenerateResponse(Required):
    """The generated image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATED))

    image_path: WirePath
    prompt: Text
    parameters: GenerateParameters


class BatchParameters(EchoedExtras):
    """The parameters of a batch. `negative_prompt` and `seed` are only there if they were given;
    image i (from 0) used seed + i."""

    negative_prompt: str | None = None
    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int | None = None


class BatchImage(Required):
    """One image of a batch."""

    image_path: WirePath
    prompt: Text
    seed: int | None = Field(
        default=None,
        exclude_if=absent,
        description="With `require`: the seed of the image that passed.",
    )


class BatchResponse(ResponseModel):
    """The generated images, in the order of their prompts."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATED_BATCH))

    batch_id: str
    images: list[BatchImage]
    parameters: BatchParameters
