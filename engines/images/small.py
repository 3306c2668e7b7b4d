"""Scaled-down copies of pictures for galleries, and a bounded cache of them."""

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
"""WebP quality, 0..100."""
_METHOD = 2
"""WebP encoding effort, 0 (fastest) to 6 (smallest file)."""


def small_webp(content: bytes, side_px: int, limits: ImageLimits) -> bytes:
    """The first frame, upright, as WebP without metadata, with a longer side of at most `side_px`.

    A smaller picture is not enlarged. Raises `InvalidImage` for a file that `read_pixels` refuses.
    """
    picture = Image.fromarray(read_pixels(content, limits), "RGB")
    scale = min(1.0, side_px / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    file = io.BytesIO()
    small = picture.resize((width, height), Image.Resampling.BOX)
    small.save(file, "WEBP", quality=_QUALITY, method=_METHOD)
    return file.getvalue()


class KeptPictures:
    """A cache of encoded pictures in an unnamed temporary file of at most `max_bytes`.

    The file is a ring buffer: a new picture overwrites the oldest. The operating system deletes
    the file when the process ends. Threads may share an instance.
    """

    def __init__(self, max_bytes: int) -> None:
        """Create an empty temporary file."""
        self._max_bytes = max_bytes
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Name to the start and end of its picture in the file, oldest first."""
        self._end = 0
        self._lock = threading.Lock()
        self._file = TemporaryFile("w+b", buffering=0)  # noqa: SIM115 (as long as this object)
        weakref.finalize(self, self._file.close)

    def get(self, name: str) -> bytes | None:
        """The picture stored under this name; None if it was never stored or was overwritten."""
        with self._lock:
            place = self._places.get(name)
            if place is None:
                return None
            self._file.seek(place[0])
            return self._file.read(place[1] - place[0])

    def put(self, name: str, content: bytes) -> None:
        """Store a picture in place of any earlier one of that name.

        An empty picture, one larger than `max_bytes`, and one that the disk has no space for are
        not stored.
        """
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
        """Remove every picture whose name begins with `prefix`."""
        with self._lock:
            for name in [each for each in self._places if each.startswith(prefix)]:
                del self._places[name]

    def _make_room(self, start: int, end: int, wrapped: bool) -> None:
        """Remove the pictures that overlap `start` to `end`, and, if writing begins at the start
        of the file again (`wrapped`), those after the end of the last one written."""
        for name, (first, last) in list(self._places.items()):
            behind = wrapped and first >= self._end
            if behind or (first < end and start < last):
                del self._places[name]
            else:
                break
