"""The small pictures in a report."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from engines.errors import InvalidImage, NotFound
from engines.images import encode_jpeg
from engines.types.datasets.reports import FailingImage, Thumbnail

if TYPE_CHECKING:
    from engines.evidence.gathering import Gathered
    from engines.evidence.tally import Tally
    from engines.images import ImageLimits, ReadPixels
    from engines.protocols import StopCheck, Storage
    from engines.types import Pixels

SHEET_IMAGES = 48
SHEET_PX, FAILING_PX = 96, 200
_CAPTION_CHARS = 200


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures of the images below the key `folder`."""

    storage: Storage
    folder: str
    limits: ImageLimits
    read_pixels: ReadPixels

    def read(self, name: str) -> Pixels | None:
        """Pixels of an image, RGB uint8 (height, width, 3); None if it can no longer be read."""
        try:
            return self.read_pixels(self.storage.read(f"{self.folder}/{name}"), self.limits)
        except (InvalidImage, NotFound):
            return None

    def failing(
        self, tally: Tally, found: Gathered, most: int, stop: StopCheck
    ) -> tuple[FailingImage, ...]:
        """All images that failed; the first `most` with a picture."""
        names = {image_id: name for name, image_id in tally.ids.items()}
        facts = {each.name: each for each in found.facts}
        failing = list(tally.failing)
        for place, image in enumerate(failing[:most]):
            stop()
            known = facts.get(names[image.id])
            jpeg = self._thumbnail(known.name, FAILING_PX) if known else None
            if known is not None and jpeg is not None:
                update = {"thumbnail": jpeg, "width": known.width, "height": known.height}
                failing[place] = image.model_copy(update=update)
        return tuple(failing)

    def sheet(self, tally: Tally, found: Gathered, stop: StopCheck) -> tuple[Thumbnail, ...]:
        """A random sample of images, the same each time."""
        drawn = sorted(found.facts, key=lambda each: hashlib.sha256(each.name.encode()).digest())
        sheet = []
        for each in sorted(drawn[:SHEET_IMAGES], key=lambda one: one.name):
            stop()
            jpeg = self._thumbnail(each.name, SHEET_PX)
            image_id = tally.ids[each.name]
            caption = tally.captions.get(image_id, image_id)[:_CAPTION_CHARS]
            if jpeg is not None:
                sheet.append(Thumbnail(id=image_id, group="written", caption=caption, jpeg=jpeg))
        return tuple(sheet)

    def _thumbnail(self, name: str, side_px: int) -> str | None:
        """JPEG, its longer side at most `side_px`, base64."""
        pixels = self.read(name)
        if pixels is None:
            return None
        height, width = pixels.shape[:2]
        scale = min(1.0, side_px / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return base64.b64encode(encode_jpeg(small)).decode()
