"""What every sink writes of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.output.outcomes import MadeImage

if TYPE_CHECKING:
    from engines.errors import JsonValue

Sample = tuple[str, MadeImage]
"""Row id and image."""


def flat_metadata(image: MadeImage) -> dict[str, JsonValue]:
    """The image's record, with the most used fields of recipe and verdict on top."""
    recipe = image.metadata["recipe"]
    assert isinstance(recipe, dict)
    parameters = recipe["parameters"]
    assert isinstance(parameters, dict)
    scores = {name: image.verdict.metrics.get(name) for name in ("quality_score", "privacy_score")}
    return {
        "prompt": recipe["prompt"],
        "negative_prompt": recipe["negative_prompt"],
        "seed": parameters["seed"],
        **scores,
        **image.metadata,
    }
