"""Cuts lines that were found in a view of reduced scale from the picture itself, so that small
letters keep what the scaling lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.privacy.text.views import View
    from engines.types import Pixels

_LOWEST_AS_SHOWN_PX = 32.0
"""Lines of this height in a view, px, are sharp enough there: the recognizer scales every line to
48 px, of which the letters fill about two thirds."""
_HEIGHT_PX = 48.0
_AROUND_PX = 2


class Original:
    """The picture behind a view."""

    def __init__(self, pixels: Pixels, view: View, margin: tuple[int, int]) -> None:
        """`pixels`: the whole picture, RGB uint8 (height, width, 3). `margin`: left and upper
        margin that was added to the view, px."""
        self._pixels, self._view, self._margin = pixels, view, margin

    def around(self, quad: NDArray[np.float32]) -> tuple[Pixels, NDArray[np.float32]] | None:
        """The surroundings of a line, BGR, uint8, scaled so that the line is at most about 48 px
        high, and the corners of the line in them. None if the line is high enough in the view, or
        the view has the picture's own scale. `quad`: the corners of the line, float32 (4, 2) in px
        of the view with its margin."""
        height = min(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[0] - quad[1]))
        if self._view.factor >= 1.0 or not 1.0 <= height < _LOWEST_AS_SHOWN_PX:
            return None
        corners = (quad - self._margin) / self._view.factor + self._view.part[:2]
        bottom, right = self._pixels.shape[:2]
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - _AROUND_PX, 0)
        high = np.ceil(corners.max(axis=0)).astype(int) + _AROUND_PX
        high = np.minimum(high, (right, bottom))
        if (high - low).min() < 1:
            return None
        around = self._pixels[low[1] : high[1], low[0] : high[0]]
        factor = min(1.0, _HEIGHT_PX * self._view.factor / float(height))
        size = np.maximum(1, np.round((high - low) * factor)).astype(int)
        small = cv2.resize(around, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        inside = ((corners - low) * factor).astype(np.float32)
        return np.asarray(bgr, dtype=np.uint8), inside
