from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels


@pytest.fixture(scope="session")
def photos() -> Mapping[str, Pixels]:
    """Photographs with which the score was not calibrated."""
    return {
        name: np.ascontiguousarray(getattr(data, name)()[..., :3])
        for name in ("astronaut", "chelsea", "coffee", "rocket")
    }
