"""How far a TIFF file reaches by its own directories: behind that stands what is no part of it, and
a page that reaches behind the file's end was cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engines.images.formats.tiff import Field, Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STARTS, _LENGTHS = (0x0111, 0x0144, 0x0201), (0x0117, 0x0145, 0x0202)
"""Of strips, of tiles, of a picture that is a JPEG."""
_WORD_BYTES = {3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
_ENTRY_BYTES = 8  # where a small value stands inside its entry
_LARGEST = 2**48  # no file is that long; sums of two stay within 64 bits


class Reach(NamedTuple):
    """`end`: first byte behind all that the directories name; None where they do not say it.
    `cut`: whether a page behind the first is not whole."""

    end: int | None
    cut: bool


def reach(content: bytes, found: Structure) -> Reach:
    """Linear in the file's length: `found` was checked to claim not much more than the file has."""
    starts = [field for field in found.fields if field.tag in _STARTS]
    lengths = [field for field in found.fields if field.tag in _LENGTHS]
    end = max((f.start + max(f.size_bytes, _ENTRY_BYTES) for f in found.fields), default=0)
    ends = list(_ends(content, starts, lengths, found.order))
    if not ends or len(starts) != len(lengths):
        return Reach(None, found.cut)
    cut = found.cut or max(ends[1:], default=0) > len(content)
    return Reach(max(end, *ends), cut)


def _ends(content: bytes, starts: list[Field], lengths: list[Field], order: str) -> Iterator[int]:
    """For each picture, in order, the first byte behind its pixels."""
    for start, length in zip(starts, lengths, strict=False):
        at, size = _numbers(content, start, order), _numbers(content, length, order)
        together = min(at.size, size.size)
        yield int((at[:together] + size[:together]).max(initial=0))


def _numbers(content: bytes, field: Field, order: str) -> NDArray[np.int64]:
    """The values of a field, as far as the file has them."""
    width = _WORD_BYTES.get(field.kind)
    if width is None:
        return np.empty(0, np.int64)
    whole = max(0, min(field.size_bytes, len(content) - field.start)) // width
    values = np.frombuffer(content, f"{order}u{width}", whole, min(field.start, len(content)))
    return np.minimum(values.astype(np.uint64), _LARGEST).astype(np.int64)
