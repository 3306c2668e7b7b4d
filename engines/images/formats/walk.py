"""The result of reading a file's structure: where the picture ends and where its metadata is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockKind = Literal[
    "exif", "exif_more", "xmp", "xmp_more", "photoshop", "tEXt", "zTXt", "iTXt", "comment"
]


class Block(NamedTuple):
    """A piece of metadata of this kind in bytes `start` (inclusive) to `end` (exclusive)."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Positions of the parts of one file, found without copying or decoding them."""

    end: int | None
    """Position after the picture; None if the file is cut short or the format states no end."""
    metadata: tuple[Block, ...] = ()
    without: tuple[tuple[int, int], ...] = ()
    """Start and end of each part that no pixel depends on, in order; removed before decoding."""
    size: tuple[int, int] | None = None
    """Width and height in pixels; None where the structure does not state them."""
    cut: bool = False
    """Whether the file ends in the middle of a part."""
    replaced: tuple[tuple[int, bytes], ...] = ()
    """Positions and the bytes written there before decoding, for formats whose metadata cannot be
    removed without moving other parts."""


def pixels_only(content: bytes, walk: Walk) -> bytes:
    """The file without its metadata, for a decoder."""
    if walk.replaced:
        changed = bytearray(content)
        for at, other in walk.replaced:
            changed[at : at + len(other)] = other
        return bytes(changed)
    if not walk.without:
        return content
    kept, at = [], 0
    view = memoryview(content)
    for start, end in walk.without:
        kept.append(view[at:start])
        at = end
    kept.append(view[at:])
    return b"".join(kept)
