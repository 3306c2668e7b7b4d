"""An image made again from its recipe, and how far it is from the first. Needs the extra
`verify`."""

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
    """Between two pictures of one size; values of a channel are 0..255."""

    is_identical: bool
    max_difference: int
    mean_difference: float


def request_of(recipe: Mapping[str, JsonValue]) -> tuple[str, GenerationOptions]:
    """Prompt and options that make the image of a recipe again.

    Raises:
        ValueError: a recipe without what it takes.
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
        options["speed"] = made.get("mode")  # whatever the service's default is by now
    return prompt, cast(GenerationOptions, options)


def recipe_of(content: bytes) -> dict[str, JsonValue]:
    """The recipe in a PNG; `ValueError` where there is none."""
    recipe = recipe_in(content)[0]
    if recipe is None:
        raise ValueError("the file has no recipe of this software in it")
    return recipe


def pixels_as_recorded(content: bytes, recipe: Mapping[str, JsonValue]) -> bool:
    """Whether the picture still is the one that the recipe was written for."""
    pixels = _picture(content).tobytes()
    return hashlib.sha256(pixels).hexdigest() == recipe.get("pixel_sha256")


def _picture(content: bytes) -> Image.Image:
    """RGB; `ValueError` for what is damaged, or larger than any picture of the service."""
    from PIL import Image

    try:
        return Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("the picture cannot be read: the file is damaged") from None


def difference(first: bytes, second: bytes) -> Difference:
    """How far two image files are apart; `ValueError` where their sizes differ, or one cannot be
    read."""
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
    """What the two were made with where that differs: name to [then, now]."""
    return {
        name: [first.get(name), second.get(name)]
        for name in _MADE_WITH
        if first.get(name) != second.get(name)
    }
