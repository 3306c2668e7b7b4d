"""Reads text with RapidOCR: the models PP-OCRv6, run by onnxruntime. The weights are in its wheel,
so nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.model import DetectorUnavailable, TextRegion
from engines.privacy.text.long_pictures import parts_of, with_margins, without_doubles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_LEAST_CONFIDENCE = 0.5  # a line with a lower confidence counts as not read
_UNREAD = "\u25a1"  # stands for the text of a line that was not read
_WARM_SIDE_PX = 64


class RapidOcrReader:
    """Detects lines of text, then recognizes the text of each line.

    A line that was detected but could not be read (another script, blur) has the text "".

    An engine of RapidOCR can read only one image at a time. So there are `engines` of them, and
    further calls wait. Each takes about 0.3 GB of memory after its first image.
    """

    name = "rapidocr"

    def __init__(
        self,
        long_side_px: int,
        threads: int,
        engines: int = 1,
        make_engine: Callable[[int], Any] | None = None,
    ) -> None:
        """`long_side_px`: larger images are scaled down to this side. `threads`: threads of
        onnxruntime for each engine. `make_engine`: makes an engine; tests pass their own. Raises
        `DetectorUnavailable`."""
        self._long_side_px = long_side_px
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(engines):
            self._idle.put((make_engine or _engine)(threads))

    def warm(self) -> None:
        """Load the three networks of the next engine now. RapidOCR loads each at its first use."""
        canvas = np.full((_WARM_SIDE_PX, 4 * _WARM_SIDE_PX, 3), 255, dtype=np.uint8)
        cv2.putText(canvas, "Warm 123", (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
        self.read(canvas)

    def read(self, pixels: Pixels) -> tuple[TextRegion, ...]:
        height, width = pixels.shape[:2]
        engine = self._idle.get()
        try:
            regions = self._look(engine, pixels, (0, 0))
            parts = parts_of(height, width) if max(height, width) > self._long_side_px else []
            for x, y, across, down in parts:
                regions += self._look(engine, pixels[y : y + down, x : x + across], (x, y))
        except Exception as error:  # onnxruntime's own errors derive from nothing narrower
            raise DetectorUnavailable("RapidOCR failed on this image") from error
        finally:
            self._idle.put(engine)
        return without_doubles(regions) if parts else tuple(regions)

    def _look(self, engine: Any, pixels: Pixels, corner: tuple[int, int]) -> list[TextRegion]:
        """The lines in `pixels`, a part of the image. `corner`: position (x, y) of its upper left
        pixel in the image."""
        height, width = pixels.shape[:2]
        factor = min(1.0, self._long_side_px / max(height, width))
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        if factor < 1.0:
            size = max(1, round(width * factor)), max(1, round(height * factor))
            bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
        bgr, margin = with_margins(bgr)
        result = engine(bgr)
        if result.boxes is None or result.txts is None:
            return []
        return [
            _region((quad - margin) / factor + corner, text, float(score))
            for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
        ]


def _region(quad: NDArray[np.float32], text: str, confidence: float) -> TextRegion:
    """A region from RapidOCR's result. `quad`: its four corners in pixels of the image, shape
    (4, 2), clockwise from the start of the line."""
    left, top = np.floor(quad.min(axis=0))
    right, bottom = np.ceil(quad.max(axis=0))
    box = (int(left), int(top), int(right - left), int(bottom - top))
    sides = (np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[1] - quad[2]))
    if confidence < _LEAST_CONFIDENCE or text == _UNREAD:
        text = ""
    return TextRegion(box, text, confidence, float(min(sides)), float(max(sides)))


def _engine(threads: int) -> Any:
    try:
        from rapidocr import RapidOCR

        class KeepsUnreadLines(RapidOCR):
            """RapidOCR leaves out lines that it could not read. This subclass keeps them."""

            def build_final_output(
                self, picture: Any, found: Any, turned: Any, read: Any, lines: Any, record: Any
            ) -> Any:
                if read.txts is not None:
                    read.txts = tuple(text if text.strip() else _UNREAD for text in read.txts)
                return super().build_final_output(picture, found, turned, read, lines, record)

        return KeepsUnreadLines(
            params={
                "Global.text_score": 0.0,
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
    except (ImportError, RuntimeError, OSError, ValueError) as error:
        raise DetectorUnavailable("RapidOCR is not installed or did not load") from error
