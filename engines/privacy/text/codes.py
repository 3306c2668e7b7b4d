"""Reads machine-readable codes (QR, Aztec, Data Matrix, PDF417 and others) beside the text of an
image, because the codes on badges, tickets and identity cards hold what is printed beside them."""

from __future__ import annotations

from dataclasses import dataclass
from time import thread_time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.model import DetectorUnavailable, TextReader, TextRegion
from engines.privacy.text.payloads import in_words

if TYPE_CHECKING:
    from engines.privacy.text.allowance import ReadingAllowance
    from engines.types import Pixels

_LONG_SIDE_PX = 2048
"""Larger pictures are scaled down to this side. A code needs about two pixels for each of its
squares. Patterns that imitate the corners of thousands of codes take 4 s at this side, and a
minute at twice as much."""
_MOST_CHARACTERS = 20_000
"""Characters of the contents of a picture's codes that are searched, five of the largest codes.
Further codes are left out, as text beyond the limit of work is."""


@dataclass(frozen=True, slots=True)
class ReaderWithCodes:
    """A text reader that returns the lines that `inner` reads, and then the contents of the codes
    in the picture. Safe to call from several threads if `inner` is."""

    inner: TextReader

    @property
    def name(self) -> str:
        return self.inner.name

    def read(
        self, pixels: Pixels, allowance: ReadingAllowance | None = None
    ) -> tuple[TextRegion, ...]:
        lines = self.inner.read(pixels, allowance)
        if allowance is None:
            return (*lines, *read_codes(pixels))
        if allowance.is_spent:
            return (*lines, _left_out(pixels))
        start = thread_time()
        codes = read_codes(pixels)
        allowance.spend(thread_time() - start)
        return (*lines, *codes)


def read_codes(pixels: Pixels) -> tuple[TextRegion, ...]:
    """The contents of the codes in RGB `pixels`, uint8 (height, width, 3), as text (`in_words`),
    with boxes in pixels. Their error correction makes them reliable, so their confidence is 1.
    Bars in one direction (on goods and parcels) are not read.

    Raises `DetectorUnavailable` if zxing-cpp is not installed.
    """
    zxing = _zxing()
    height, width = pixels.shape[:2]
    factor = min(1.0, _LONG_SIDE_PX / max(height, width))
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if factor < 1:
        size = max(1, round(width * factor)), max(1, round(height * factor))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    formats, mode = zxing.BarcodeFormat.AllMatrix, zxing.TextMode.Plain
    regions: list[TextRegion] = []
    left = _MOST_CHARACTERS
    for code in zxing.read_barcodes(gray, formats=formats, text_mode=mode):
        left -= len(code.text)
        if code.text:
            regions.append(_region(code, 1 / factor, is_left_out=left < 0))
    return tuple(regions)


def _left_out(pixels: Pixels) -> TextRegion:
    """The whole picture as a region in which no codes were searched for."""
    height, width = pixels.shape[:2]
    return TextRegion((0, 0, width, height), "", 0.0, height, width, is_left_out=True)


def _region(code: Any, factor: float, is_left_out: bool) -> TextRegion:
    place = code.position
    corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
    across, down = ([getattr(corner, axis) * factor for corner in corners] for axis in "xy")
    left, top = max(0, int(min(across))), max(0, int(min(down)))
    box = left, top, max(1, round(max(across)) - left), max(1, round(max(down)) - top)
    return TextRegion(
        box,
        "" if is_left_out else in_words(code.text),
        1.0,
        height_px=float(box[3]),
        length_px=float(box[2]),
        is_left_out=is_left_out,
        is_code=True,
    )


def _zxing() -> Any:
    try:
        import zxingcpp
    except ImportError as error:
        raise DetectorUnavailable("zxing-cpp is not installed") from error
    return zxingcpp
