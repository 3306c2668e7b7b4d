"""Generates an image again from its recipe, and compares both. Needs the extra `verify`."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.marks.reading import recipe_in
from inferloop_synthdata.operations.generation import GenerationOptions

if TYPE_CHECKING:
    from PIL import Image

_REPLAYED = (
    "model_id",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "seed",
    "profile",
    "profile_strength",
    "lora",
    "guidance_rescale",
    "speed",
)
_MADE_WITH = ("served_model", "revision", "noise_scheduler", "library_versions")


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference between two images of the same size, in channel values of 0 to 255."""

    is_identical: bool
    max_difference: int
    mean_difference: float


def request_of(recipe: Mapping[str, JsonValue]) -> tuple[str, GenerationOptions]:
    """The prompt and the options that generate the image of a recipe again.

    Raises:
        ValueError: the recipe has no prompt, no parameters or no seed.
    """
    parameters, prompt = recipe.get("parameters"), recipe.get("prompt")
    if not isinstance(parameters, dict) or not isinstance(prompt, str):
        raise ValueError("the recipe has no prompt or no parameters")
    if not isinstance(parameters.get("seed"), int):
        raise ValueError("the recipe has no seed")
    options = {name: parameters.get(name) for name in _REPLAYED}
    options["negative_prompt"] = recipe.get("negative_prompt")
    made = recipe.get("speed")
    if options["speed"] is None and isinstance(made, dict):
        options["speed"] = made.get("mode")  # the default of the service may have changed
    return prompt, cast(GenerationOptions, options)


def recipe_of(content: bytes) -> dict[str, JsonValue]:
    """The recipe in a PNG. Raises `ValueError` if there is none."""
    recipe = recipe_in(content)[0]
    if recipe is None:
        raise ValueError("the file has no recipe of this software")
    return recipe


def pixels_as_recorded(content: bytes, recipe: Mapping[str, JsonValue]) -> bool:
    """Whether the pixels are those for which the recipe was written. Raises `ValueError` if the
    image cannot be read."""
    pixels = _picture(content).tobytes()
    return hashlib.sha256(pixels).hexdigest() == recipe.get("pixel_sha256")


def _picture(content: bytes) -> Image.Image:
    """The image in RGB. Raises `ValueError` if it is damaged or has too many pixels."""
    from PIL import Image

    try:
        return Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("the picture cannot be read: the file is damaged") from None


def difference(first: bytes, second: bytes) -> Difference:
    """The difference between two image files. Raises `ValueError` if their sizes differ or one
    cannot be read."""
    from PIL import ImageChops, ImageStat

    one, other = _picture(first), _picture(second)
    if one.size != other.size:
        raise ValueError(f"the sizes differ: {one.size} and {other.size}")
    apart = ImageChops.difference(one, other)
    statistics = ImageStat.Stat(apart)
    largest = max(int(high) for _, high in statistics.extrema)
    return Difference(largest == 0, largest, round(sum(statistics.mean) / 3, 6))


def made_otherwise(
    first: Mapping[str, JsonValue], second: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Model, scheduler and versions that differ between two recipes: name to [first, second]."""
    return {
        name: [first.get(name), second.get(name)]
        for name in _MADE_WITH
        if first.get(name) != second.get(name)
    }
