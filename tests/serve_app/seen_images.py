"""Images of a dataset, as the service returns them."""

from __future__ import annotations

from typing import Any

from engines.types.datasets.looking import SeenImage
from tests.serve_app.fakes import EPOCH

IMAGES = "/api/v1/datasets/nature_set/images"


def seen(number: int, **changes: Any) -> SeenImage:
    fields: dict[str, Any] = {
        "key": f"generated/nature_set/image_{number}.png",
        "image_id": f"image_{number}",
        "created_at": EPOCH,
        "size_bytes": 9,
    }
    return SeenImage(**{**fields, **changes})
