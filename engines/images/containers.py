"""What kind of file is this really, and is it built as one of its kind?"""

from __future__ import annotations

import re

from engines.images import gif, jpeg, png, tiff, webp
from engines.images.model import ImageLimits, refuse

# What makes a picture with something behind it a second file for another program.
_FOREIGN = re.compile(
    rb"PK\x03\x04|PK\x05\x06|%PDF-|Rar!\x1a|7z\xbc\xaf|\x7fELF|MZ\x90|#!/"
    rb"|<\?php|<\?xml|<!doctype|<(?:html|head|body|script|svg|iframe)\b",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<", re.IGNORECASE)


def sniff(content: bytes) -> str | None:
    """Pillow's name of the format that the first bytes announce; None if none that we know."""
    if content.startswith(png.MAGIC):
        return "PNG"
    if content.startswith(jpeg.MAGIC):
        return "JPEG"
    if content.startswith(gif.MAGIC):
        return "GIF"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    if content.startswith(b"BM"):
        return "BMP"
    return None


def check(content: bytes, limits: ImageLimits) -> str:
    """The file's format; `InvalidImage` if it is too large, of no known kind, or ill-built.

    Linear in the file's length; no pixel is decoded.
    """
    if not content:
        raise refuse("is empty (0 bytes)")
    if len(content) > limits.max_bytes:
        raise refuse(
            f"is larger than {limits.max_bytes} bytes", f"size <= {limits.max_bytes} bytes"
        )
    kind = sniff(content)
    if kind is None and _DOCUMENT.match(content[:512]):
        raise refuse("is a text document (HTML, SVG or XML), not a picture", _known(limits))
    if kind is None or kind not in limits.formats:
        raise refuse(f"is not in a supported format ({', '.join(limits.formats)})", _known(limits))
    end = _end(content, kind, limits)
    if end is not None and _FOREIGN.search(content, end):
        raise refuse("carries another file behind its pixels", "nothing after the image's end")
    return kind


def _known(limits: ImageLimits) -> str:
    return "format in " + ", ".join(limits.formats)


def _end(content: bytes, kind: str, limits: ImageLimits) -> int | None:
    if kind == "PNG":
        return png.check(content)
    if kind == "JPEG":
        return jpeg.check(content)
    if kind == "GIF":
        return gif.check(content)
    if kind == "WEBP":
        return webp.check(content)
    if kind == "BMP":
        return int.from_bytes(content[2:6], "little") or None
    tiff.check(content, limits)
    return None  # a TIFF is random access: its pixels may stand anywhere
