"""What runs in a worker process when a stranger's file is asked for its mark."""

from __future__ import annotations

from engines.errors import Fault, InvalidImage, JsonValue
from inferloop_synthdata.marks.reading import Anchors, read_mark


def mark_of(content: bytes, anchors: Anchors) -> dict[str, JsonValue]:
    """See `read_mark`; `InvalidImage` for what carries no marks here."""
    try:
        return read_mark(content, anchors)
    except ValueError as error:
        constraint = "a PNG, JPEG or WebP file"
        raise InvalidImage(Fault("image", None, constraint, f"must be {constraint}")) from error
