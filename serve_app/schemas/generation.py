"""Generation on the wire. Bounds come from the config: see `bounded`."""

from __future__ import annotations

from pydantic import ConfigDict, Field, JsonValue

from serve_app.schemas import examples
from serve_app.schemas.base import Name, ResponseModel, Text, WirePath
from serve_app.schemas.examples import shown
from serve_app.schemas.webhooks import AsynchronousBody


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

    def extras(self) -> dict[str, JsonValue]:
        """Optional extras that were given, to be echoed."""
        names = ("dataset", "profile", "profile_strength", "lora", "guidance_rescale")
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


class GenerateParameters(EchoedExtras):
    """What the image was made with; extras are there only if given."""

    negative_prompt: str | None
    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int = Field(description="As given, or as drawn by the server.")


class GenerateResponse(ResponseModel):
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


class BatchImage(ResponseModel):
    """One image of a batch."""

    image_path: WirePath
    prompt: Text


class BatchResponse(ResponseModel):
    """The generated images, in the order of their prompts."""

    model_config = ConfigDict(json_schema_extra=shown(examples.GENERATED_BATCH))

    batch_id: str
    images: list[BatchImage]
    parameters: BatchParameters
