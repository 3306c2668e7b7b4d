"""One thing that metadata say, whatever format says it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Search = Literal["all", "email"]


class Statement(NamedTuple):
    """A text out of the metadata, what it is by its place, and what to look for in it."""

    detector: str
    """Format: "exif", "xmp", "iptc" or "png_text"."""
    where: str
    """Name of the field, for people."""
    text: str
    tells: str | None = None
    """Issue type that the field is by itself, whatever its words; None for a plain text."""
    search: Search = "all"
    """Machine-made values (dates, ids, settings) look like phones and cards: e-mail only."""
