"""Find a file's image format by its content, and check its structure before it is decoded."""

from __future__ import annotations

from engines.images.codecs import missing_codec
from engines.images.formats import gif, heif, jpeg, png, tiff, webp
from engines.images.formats.tiff_reach import reach
from engines.images.formats.walk import Walk
from engines.images.model import ImageLimits, check_size, refuse
from engines.images.tails import carries_a_file

FILM = b"ftyp"  # first box of an MP4 file (ISO 14496-12)
_BLANK = b" \t\r\n\v\f\xef\xbb\xbf"  # whitespace, and the byte order mark of UTF-8


def sniff(content: bytes) -> str | None:
    """Pillow's name for the format, judged by the first bytes; None for an unknown format."""
    if content.startswith(png.MAGIC):
        return "PNG"
    if content.startswith(jpeg.MAGIC):
        return "JPEG"
    if content.startswith(gif.MAGIC):
        return "GIF"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:4] in tiff.MAGIC:
        return "TIFF"
    if content.startswith(b"BM"):
        return "BMP"
    return heif.kind_of(content)


def check(content: bytes, limits: ImageLimits) -> tuple[str, Walk]:
    """The file's format in Pillow's name, and where its parts are.

    Takes time linear in the file's length, and decodes no pixel. Raises `InvalidImage` for a
    file that is empty, too large, not in an allowed format, badly structured, or followed by
    another file.
    """
    if not content:
        raise refuse("is empty (0 bytes)")
    if len(content) > limits.max_bytes:
        raise refuse(
            f"is larger than {limits.max_bytes} bytes", f"size <= {limits.max_bytes} bytes"
        )
    kind = sniff(content)
    if kind is None and content[:512].lstrip(_BLANK).startswith(b"<"):
        raise refuse("is a text document (HTML, SVG or XML), not a picture", _known(limits))
    if kind is None or kind not in limits.formats:
        raise refuse(f"is not in a supported format ({', '.join(limits.formats)})", _known(limits))
    missing = missing_codec(kind)
    if missing is not None:
        raise refuse(missing, _known(limits))
    walk = _walk(content, kind, limits)
    if walk.size is not None:
        check_size(walk.size, limits)
    if walk.end is not None and carries_a_file(content, walk.end):
        raise refuse("carries another file behind its pixels", "nothing after the image's end")
    return kind, walk


def has_more_behind(content: bytes, kind: str, walk: Walk) -> bool:
    """Whether the file may hold a film, or pictures other than the one that `walk` covers."""
    if kind == "TIFF":
        return bool(tiff.sub_directories(content))
    if kind in ("AVIF", "HEIF"):
        return bool(heif.films(content) or any(heif.beside(content)))
    if kind != "JPEG" or walk.end is None:
        return False
    return any(content.find(start, walk.end) >= 0 for start in (jpeg.MAGIC, FILM))


def _known(limits: ImageLimits) -> str:
    return "format in " + ", ".join(limits.formats)


def _walk(content: bytes, kind: str, limits: ImageLimits) -> Walk:
    if kind == "PNG":
        return png.walk(content)
    if kind == "JPEG":
        return jpeg.walk(content)
    if kind == "GIF":
        return gif.walk(content)
    if kind == "WEBP":
        return webp.walk(content)
    if kind in ("AVIF", "HEIF"):
        return heif.walk(content)
    if kind == "BMP":
        return Walk(int.from_bytes(content[2:6], "little") or None)
    # TIFF parts may be in any order, so the end is after the last part that a directory names.
    found = tiff.check(content, limits)
    end, cut = reach(content, found)
    return Walk(end, size=tiff.size_of(found), cut=cut)
