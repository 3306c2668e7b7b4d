"""What a walker tells of a file: where the picture ends, and where its metadata lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockKind = Literal[
    "exif", "exif_more", "xmp", "xmp_more", "photoshop", "tEXt", "zTXt", "iTXt", "comment"
]


class Block(NamedTuple):
    """Bytes `start` to `end` (exclusive) of a file hold metadata of this kind."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Positions only: a walker copies nothing and decodes nothing."""

    end: int | None
    """First byte behind the picture; None where the file is cut short, or has no such place."""
    metadata: tuple[Block, ...] = ()
    without: tuple[tuple[int, int], ...] = ()
    """Start and end of each part that no pixel depends on, in order: a decoder never sees it."""
    size: tuple[int, int] | None = None
    """Width and height where the walker met them."""
    cut: bool = False
    """Whether the file ends in the middle of a part."""
    replaced: tuple[tuple[int, bytes], ...] = ()
    """Positions and what a decoder sees there, in files whose parts cannot be taken out."""


def pixels_only(content: bytes, walk: Walk) -> bytes:
    """The file without the parts that no pixel depends on."""
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
