"""Reads text with RapidOCR: the models PP-OCRv6, run by onnxruntime. The weights are in its wheel,
so nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.model import DetectorUnavailable, TextRegion
from engines.privacy.text.allowance import ReadingAllowance
from engines.privacy.text.document import is_text, is_unread, union
from engines.privacy.text.letters import letters_likeness, line_of, with_certainty
from engines.privacy.text.long_pictures import with_margins, without_doubles
from engines.privacy.text.sharper import Original
from engines.privacy.text.stacked import with_stacked
from engines.privacy.text.views import View, views_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.privacy.config import TextConfig
    from engines.types import Pixels

UNREAD = "\u25a1"
"""Stands for the text of a line that could not be read."""
LEFT_OUT = "\u25a0"
"""Stands for the text of lines that were not tried, because of a limit."""
_LEAST_CONFIDENCE = 0.5  # a line with a lower confidence counts as not read
_WARM_SIDE_PX = 64
_DETECTOR_SIDE_PX = 736  # RapidOCR scales the short side of a smaller picture up to it
_MOST_LEFT_OUT = 20
_FLAT_RANGE, _LEAST_RANGE = 128, 12
"""A picture whose lightest and darkest values differ by less than the first is stretched to 0..255,
as if they differed by at least the second."""


class RapidOcrReader:
    """Detects lines of text, then recognizes the text of each line.

    A line that was detected but could not be read (another script, blur) has the text "".

    An engine of RapidOCR can read only one image at a time. So there are `engines` of them, and
    further calls wait. Each takes about 0.3 GB of memory after its first image.
    """

    name = "rapidocr"

    def __init__(
        self,
        config: TextConfig,
        threads: int,
        engines: int = 1,
        make_engine: Callable[[int], Any] | None = None,
    ) -> None:
        """`threads`: threads of onnxruntime for each engine. `make_engine`: makes an engine; tests
        pass their own. Raises `DetectorUnavailable`, or `InferloopError` if the config names a
        further recognizer that cannot be used."""
        self._config = config
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(engines):
            self._idle.put(make_engine(threads) if make_engine else _engine(threads, config))

    def warm(self) -> None:
        """Load the three networks of the next engine now. RapidOCR loads each at its first use."""
        canvas = np.full((_WARM_SIDE_PX, 4 * _WARM_SIDE_PX, 3), 255, dtype=np.uint8)
        cv2.putText(canvas, "Warm 123", (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
        self.read(canvas)

    def read(
        self, pixels: Pixels, allowance: ReadingAllowance | None = None
    ) -> tuple[TextRegion, ...]:
        allowance = allowance or ReadingAllowance(self._config.max_work)
        pixels = _stretched(pixels)
        regions: list[TextRegion] = []
        views = 0
        engine = self._idle.get()
        try:
            for view in views_of(pixels, self._config):
                views += 1
                regions += self._look(engine, pixels, view, allowance)
        except Exception as error:  # onnxruntime's own errors derive from nothing narrower
            raise DetectorUnavailable("RapidOCR failed on this image") from error
        finally:
            self._idle.put(engine)
        return with_stacked(without_doubles(regions) if views > 1 else regions)

    def _look(
        self, engine: Any, pixels: Pixels, view: View, allowance: ReadingAllowance
    ) -> list[TextRegion]:
        """The lines in a view of `pixels`. If the allowance has not enough work left for it, its
        part of the image is returned as a region that was left out."""
        x, y, width, height = view.part
        bgr, margin = with_margins(cv2.cvtColor(view.pixels, cv2.COLOR_RGB2BGR))
        enlarged = max(1.0, _DETECTOR_SIDE_PX / min(bgr.shape[:2]))
        if not allowance.takes_look(bgr.shape[0] * enlarged, bgr.shape[1] * enlarged):
            return [TextRegion(view.part, "", 0.0, height, width, is_left_out=True)]
        original = Original(pixels, view, margin)
        result = engine.look(bgr, allowance, view.least_height_px, original)
        if result.boxes is None or result.txts is None:
            return []
        regions = []
        found = zip(result.boxes, result.txts, result.scores, result.certainties, strict=True)
        for quad, text, score, certainty in found:
            region = _region((quad - margin) / view.factor + (x, y), text, float(score))
            if _belongs(region, view):
                counts = self._counts(region, max(pixels.shape[:2]))
                if counts:
                    region = _judged(region, view.pixels, quad - margin, certainty)
                regions.append(region)
        return _few_left_out(regions)

    def _counts(self, region: TextRegion, long_side_px: int) -> bool:
        """Whether a region counts as text although it was not read reliably, so that its look
        matters."""
        sure = region.confidence >= self._config.read_confidence and bool(region.text)
        if sure or region.is_left_out or self._config.least_likeness == 0:
            return False
        return is_unread(region, long_side_px, self._config) or is_text(region, self._config)


def _stretched(pixels: Pixels) -> Pixels:
    """The picture; if it has little contrast, with its contrast enlarged, so that letters in dark
    and in pale pictures can be seen and read."""
    low, high, _, _ = cv2.minMaxLoc(pixels.reshape(-1))
    if not 0 < high - low < _FLAT_RANGE:
        return pixels
    scale = 255 / max(_LEAST_RANGE, high - low)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=scale, beta=-low * scale), np.uint8)


def _judged(
    region: TextRegion, shown: Pixels, quad: NDArray[np.float32], certainty: float
) -> TextRegion:
    """The region with its likeness to letters. `quad`: its corners in px of the picture that was
    `shown`. `certainty`: how sure the detector is of it, 0..1."""
    look = letters_likeness(line_of(shown, quad))
    return replace(region, likeness=with_certainty(look, certainty))


def _belongs(region: TextRegion, view: View) -> bool:
    """Whether a line is low enough to count in a view."""
    most = view.most_height_px if region.text else view.most_unread_px
    return region.is_left_out or region.height_px * view.factor <= most


def _few_left_out(regions: list[TextRegion]) -> list[TextRegion]:
    """The same regions; but if more than 20 were left out, one box around these."""
    left_out = [region for region in regions if region.is_left_out]
    if len(left_out) <= _MOST_LEFT_OUT:
        return regions
    around = union([region.box for region in left_out])
    others = [region for region in regions if not region.is_left_out]
    return [*others, TextRegion(around, "", 0.0, around[3], around[2], is_left_out=True)]


def _region(quad: NDArray[np.float32], text: str, confidence: float) -> TextRegion:
    """A region from RapidOCR's result. `quad`: its four corners in pixels of the image, shape
    (4, 2), clockwise from the start of the line."""
    left, top = np.floor(quad.min(axis=0))
    right, bottom = np.ceil(quad.max(axis=0))
    box = (int(left), int(top), int(right - left), int(bottom - top))
    sides = (np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[1] - quad[2]))
    left_out = text == LEFT_OUT
    if confidence < _LEAST_CONFIDENCE or text in (UNREAD, LEFT_OUT):
        text = ""
    return TextRegion(box, text, confidence, float(min(sides)), float(max(sides)), left_out)


def _engine(threads: int, config: TextConfig) -> Any:
    try:
        from engines.privacy.text.rapidocr_engine import BoundedRapidOcr

        return BoundedRapidOcr(threads, config.further_recognizers, config.read_confidence)
    except (ImportError, RuntimeError, OSError, ValueError) as error:
        raise DetectorUnavailable("RapidOCR is not installed or did not load") from error
