"""One item of metadata, independent of its format."""

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
"""Names of fields, in lower case, that contain the owner or author, in any format or namespace."""


class Statement(NamedTuple):
    """A text in the metadata, what its field means, and what to search for in it."""

    detector: str
    """Format: "exif", "xmp", "iptc" or "png_text"."""
    where: str
    """Name of the field, for messages."""
    text: str
    tells: str | None = None
    """Type of the issue if the field is personal by its meaning, such as "owner_name"; otherwise
    None."""
    search: Search = "all"
    """Which personal data are searched for. "email" is for values that programs write (dates, ids,
    settings), because these look like phone and card numbers."""
