"""Bounds and formats have one home; what cannot import it says the same."""

from __future__ import annotations

from batch.planning.rows import RowParameters
from engines.types.image_formats import IMAGE_SUFFIXES
from inferloop_synthdata.sources import images
from serve_app.config import ApiConfig
from serve_app.schemas.bounds.bounded import generate_model

NUMBERS = ("width", "height", "num_inference_steps", "guidance_scale", "seed")


def test_the_client_sends_the_image_files_that_the_service_knows() -> None:
    """It is a package of its own, without the engines, so it keeps a list."""
    assert frozenset(IMAGE_SUFFIXES) == images.IMAGE_SUFFIXES


def test_a_batch_row_takes_what_the_api_takes() -> None:
    api = generate_model(ApiConfig()).model_json_schema()["properties"]
    row = RowParameters.model_json_schema()["properties"]
    bounds = ("minimum", "maximum", "multipleOf")
    for name in NUMBERS:
        of_api = next(iter(api[name].get("anyOf", [api[name]])))
        of_row = row[name]["anyOf"][0]
        assert [of_row.get(bound) for bound in bounds] == [of_api.get(bound) for bound in bounds]
