from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits


@pytest.fixture(scope="session")
def limits() -> ImageLimits:
    return ImageLimits(max_pixels=1_000_000, max_side_px=4096, max_bytes=4_000_000)


@pytest.fixture(scope="session")
def picture() -> Image.Image:
    """A picture of 60 x 40 pixels with four different corners."""
    rows, columns = np.mgrid[0:40, 0:60]
    planes = [rows * 6, columns * 4, np.full((40, 60), 90)]
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))
