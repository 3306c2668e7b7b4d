"""One thing that metadata say, whatever format says it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Search = Literal["all", "email"]

OWNER_WORDS = frozenset(
    {
        *("author", "authors", "artist", "byline", "by-line", "creator", "credit", "owner"),
        *("ownername", "cameraownername", "photographer", "copyright", "copyrightowner", "rights"),
        *("rightsholder", "attributionname", "contributor", "copyrightnotice"),
    }
)
"""Names of fields, in lower case, that tell whose the picture is, whoever invented the field."""


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
