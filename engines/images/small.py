"""Small copies of pictures, for people who look through many."""

from __future__ import annotations

import io
import threading
import weakref
from collections import OrderedDict
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from PIL import Image

from engines.images.decoding import read_pixels

if TYPE_CHECKING:
    from engines.images.model import ImageLimits

_QUALITY = 80
"""Of WebP, 0..100."""
_METHOD = 2
"""0..6: how long the encoder looks for a smaller file."""


def small_webp(content: bytes, side_px: int, limits: ImageLimits) -> bytes:
    """The first frame upright, as WebP without metadata, its longer side at most `side_px`; never
    larger than it is. Raises `InvalidImage` for whatever `read_pixels` refuses."""
    picture = Image.fromarray(read_pixels(content, limits), "RGB")
    scale = min(1.0, side_px / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    file = io.BytesIO()
    small = picture.resize((width, height), Image.Resampling.BOX)
    small.save(file, "WEBP", quality=_QUALITY, method=_METHOD)
    return file.getvalue()


class KeptPictures:
    """The newest small pictures, in a file without a name that never grows above `max_bytes`: a
    ring, in which the newest takes the place of the oldest. It is gone with the process, however
    that ends. Safe to share between threads."""

    def __init__(self, max_bytes: int) -> None:
        """Takes no room yet."""
        self._max_bytes = max_bytes
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Name to where it begins and ends, from the oldest to the newest."""
        self._end = 0
        self._lock = threading.Lock()
        self._file = TemporaryFile("w+b", buffering=0)  # noqa: SIM115 (as long as this object)
        weakref.finalize(self, self._file.close)

    def get(self, name: str) -> bytes | None:
        """What was put under the name; None where it is not kept any more."""
        with self._lock:
            place = self._places.get(name)
            if place is None:
                return None
            self._file.seek(place[0])
            return self._file.read(place[1] - place[0])

    def put(self, name: str, content: bytes) -> None:
        """Keep it, and no more what was kept under the name before. Nothing is kept of a picture
        larger than the whole ring, of an empty one, and where the disk is full."""
        with self._lock:
            self._places.pop(name, None)
            if not 0 < len(content) <= self._max_bytes:
                return
            start = self._end if self._end + len(content) <= self._max_bytes else 0
            self._make_room(start, start + len(content), wrapped=start < self._end)
            try:
                self._file.seek(start)
                written = self._file.write(content)
            except OSError:
                return
            if written == len(content):
                self._places[name] = (start, start + len(content))
            self._end = start + len(content)

    def forget(self, prefix: str) -> None:
        """Names that begin so are not handed out any more."""
        with self._lock:
            for name in [each for each in self._places if each.startswith(prefix)]:
                del self._places[name]

    def _make_room(self, start: int, end: int, wrapped: bool) -> None:
        """What lies between is forgotten; where the ring begins anew, what lies behind too."""
        for name, (first, last) in list(self._places.items()):
            behind = wrapped and first >= self._end
            if behind or (first < end and start < last):
                del self._places[name]
            else:
                break
