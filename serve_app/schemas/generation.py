"""Generation on the wire. Bounds come from the config: see `bounded`."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from engines.datasets.spec.requirements import DEFAULT_TRIES, MAX_TRIES, Requirements
from engines.types.datasets.labels import Labels, Metadata
from engines.types.limits import Speed
from serve_app.schemas.base import Name, ResponseModel, Text, WirePath, absent
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.validation import PrivacyResponse, QualityResponse
from serve_app.schemas.webhooks import AsynchronousBody

_ECHOED = ("dataset", "profile", "profile_strength", "lora", "guidance_rescale", "speed")


class ImageParameters(AsynchronousBody):
    """What single and batch generation share. The config puts bounds and defaults on it."""

    negative_prompt: str | None = None
    model_id: str = ""
    width: int = 0
    height: int = 0
    num_inference_steps: int = 0
    guidance_scale: float = 0.0
    seed: int | None = None
    dataset: Name | None = Field(
        default=None, description="Store under generated/<dataset>/, ready for the export calls."
    )
    profile: Name | None = Field(
        default=None, description="Profile whose color statistics the image is matched to."
    )
    profile_strength: float = Field(
        default=1.0, ge=0, le=1, description="How far colors move towards the profile's, 0..1."
    )
    lora: Name | None = Field(default=None, description="Adapter that the model's config lists.")
    guidance_rescale: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="How far the contrast that guidance adds is taken back, 0..1; left out, as the "
        "model's config says.",
    )
    speed: Speed | None = Field(
        default=None,
        description="exact: what plain diffusers gives. balanced and fast leave out work, as the "
        "model's config says; the recipe tells what. Left out, as the config says.",
    )
    labels: Labels | None = Field(
        default=None, description="What the image is of, for training: name to value."
    )
    metadata: Metadata | None = Field(
        default=None, description="Any JSON to keep beside the image, at most 4096 bytes."
    )

    require: Requirements | None = Field(
        default=None,
        description='What the image must meet, such as {"quality": true, "privacy": true}.'
        " It is made again with other seeds until it does; what does not is not kept.",
    )
    max_tries: Annotated[int, Field(ge=1, le=MAX_TRIES)] | None = Field(
        default=None, description=f"Images made at most for that; {DEFAULT_TRIES} if left out."
    )

    def extras(self) -> dict[str, JsonValue]:
        """Optional extras that were given, to be echoed."""
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
    """Several images of the same parameters to generate."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATE_BATCH))

    prompts: list[str]
    batch_size: int = 0
    labels_by_prompt: list[Labels] | None = Field(
        default=None,
        description="Labels of each image, in the order of the prompts; they go before `labels`.",
    )
    metadata_by_prompt: list[Metadata] | None = Field(
        default=None, description="The same for `metadata`."
    )


class GenerateMessageBody(GenerateBody):
    """A `generate` message: the REST fields, and whether previews are wanted."""

    previews: bool = Field(default=False, description="Send small JPEGs of the current estimate.")


class EchoedExtras(ResponseModel):
    """Parameters that are repeated only where the request names them."""

    dataset: str | None = None
    profile: str | None = None
    profile_strength: float | None = None
    lora: str | None = None
    guidance_rescale: float | None = None
    speed: Speed | None = None
    labels: dict[str, str] | None = None
    metadata: dict[str, JsonValue] | None = None


class GenerateParameters(EchoedExtras):
    """What the image was made with; extras are there only if given."""

    negative_prompt: str | None
    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int = Field(description="As given, or as drawn by the server.")


class VerdictsOut(ResponseModel):
    """What was said of an image that had to meet requirements; only of what was required."""

    quality: QualityResponse | None = Field(default=None, exclude_if=absent)
    privacy: PrivacyResponse | None = Field(default=None, exclude_if=absent)
    conformance: float | None = Field(
        default=None,
        exclude_if=absent,
        description="With the profile that was required, 0..100: 100 is alike.",
    )


class Required(ResponseModel):
    """What `require` adds to an image."""

    verdicts: VerdictsOut | None = Field(default=None, exclude_if=absent)
    tries: int | None = Field(
        default=None, exclude_if=absent, description="Images made until one met `require`."
    )


class GenerateResponse(Required):
    """The generated image."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATED))

    image_path: WirePath
    prompt: Text
    parameters: GenerateParameters


class BatchParameters(EchoedExtras):
    """`negative_prompt` and `seed` are there only if given; image i used seed + i."""

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
        default=None, exclude_if=absent, description="With `require`: that of the try that passed."
    )


class BatchResponse(ResponseModel):
    """The generated images, in the order of their prompts."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATED_BATCH))

    batch_id: str
    images: list[BatchImage]
    parameters: BatchParameters
