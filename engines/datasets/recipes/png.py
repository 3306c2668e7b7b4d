"""Generated images as PNG files that contain their recipe and the hash of their pixels."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from engines.datasets.records.reading import PNG_RECIPE_KEYWORD
from engines.images.png_text import encode_png

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.types import Pixels

PNG_PIXEL_HASH_KEYWORD = "inferloop.pixel_sha256"


def pixel_sha256(pixels: Pixels) -> str:
    """SHA-256, hex, of RGB pixels, uint8 (height, width, 3), in row order."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()


def encode_with_recipe(pixels: Pixels, recipe: Recipe) -> bytes:
    """A PNG of RGB pixels, uint8 (height, width, 3), with the recipe as text inside.

    Raises:
        GenerationFailed: the pixels have another shape or dtype.
        InvalidParameters: a text of the recipe is not valid Unicode.
    """
    text = {
        PNG_RECIPE_KEYWORD: recipe.to_json().decode(),
        PNG_PIXEL_HASH_KEYWORD: recipe.pixel_sha256,
    }
    return encode_png(pixels, text)
