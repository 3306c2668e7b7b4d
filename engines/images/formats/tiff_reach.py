"""Where a TIFF file ends according to its directories.

Bytes after that end do not belong to the picture. If that end is after the file's last byte, the
file was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engines.images.formats.tiff import Field, Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STARTS, _LENGTHS = (0x0111, 0x0144, 0x0201), (0x0117, 0x0145, 0x0202)
"""Tags of the positions and lengths of strips, of tiles, and of a picture stored as JPEG."""
_WORD_BYTES = {3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
_ENTRY_BYTES = 8  # a small value is stored inside its entry
_LARGEST = 2**48  # longer than any file, and the sum of two fits into 64 bits


class Reach(NamedTuple):
    """`end`: position after everything that the directories name; None if they do not tell.
    `cut`: whether a page after the first is incomplete."""

    end: int | None
    cut: bool


def reach(content: bytes, found: Structure) -> Reach:
    """Where the file should end. `found` comes from `tiff.check`, whose limits make this linear in
    the file's length."""
    starts = [field for field in found.fields if field.tag in _STARTS]
    lengths = [field for field in found.fields if field.tag in _LENGTHS]
    end = max((f.start + max(f.size_bytes, _ENTRY_BYTES) for f in found.fields), default=0)
    ends = list(_ends(content, starts, lengths, found.order))
    if not ends or len(starts) != len(lengths):
        return Reach(None, found.cut)
    cut = found.cut or max(ends[1:], default=0) > len(content)
    return Reach(max(end, *ends), cut)


def _ends(content: bytes, starts: list[Field], lengths: list[Field], order: str) -> Iterator[int]:
    """For each picture, in order, the position after its pixels."""
    for start, length in zip(starts, lengths, strict=False):
        at, size = _numbers(content, start, order), _numbers(content, length, order)
        together = min(at.size, size.size)
        yield int((at[:together] + size[:together]).max(initial=0))


def _numbers(content: bytes, field: Field, order: str) -> NDArray[np.int64]:
    """The values of a field that are within the file, (n,)."""
    width = _WORD_BYTES.get(field.kind)
    if width is None:
        return np.empty(0, np.int64)
    whole = max(0, min(field.size_bytes, len(content) - field.start)) // width
    values = np.frombuffer(content, f"{order}u{width}", whole, min(field.start, len(content)))
    return np.minimum(values.astype(np.uint64), _LARGEST).astype(np.int64)
