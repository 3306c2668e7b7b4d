"""Collect the metadata of a file, for every supported format.

Values are decompressed but not interpreted. Nothing here raises: broken metadata is named in
`damaged`, and metadata over the limit of bytes in `unread`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from engines.images import thumbnails
from engines.images.formats import photoshop, tiff
from engines.images.formats.photoshop import resources
from engines.images.formats.walk import BlockKind, Walk
from engines.images.model import ExifField, Metadata

_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 0x02BC, 0x83BB, 0x8649
_OPAQUE_TAGS = frozenset({0x927C, 0x8773, 0xC4A5, 0xEA1C, 0x0201, 0x8840})  # MakerNote, ICC, ...
_TEXT_KINDS = frozenset({1, 2, 7, 129})  # BYTE (XP tags), ASCII, UNDEFINED, UTF-8
_SMALL_BYTES = 64  # numbers are kept only up to this size: enough for a GPS position
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_MAX_EXIF_ENTRIES = 16_384
_EXIF_SIGNATURE = b"Exif\0\0"
_XMP_KEYWORD = "XML:com.adobe.xmp"
_RAW_PROFILE = "raw profile type "
_LONGEST_KEYWORD = 79
_CONTINUE: frozenset[BlockKind] = frozenset({"exif_more", "xmp_more", "photoshop"})
_XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(slots=True)
class _Collector:
    """Metadata collected so far; `left` more bytes may be taken."""

    left: int
    entries_left: int = _MAX_EXIF_ENTRIES
    exif: list[ExifField] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    damaged: dict[str, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)

    def take(self, value: bytes, name: str) -> bytes:
        """As much of `value` as `left` allows; if that is not all, note `name` as unread."""
        if len(value) > self.left:
            self.unread[name] = None
        taken = value[: max(self.left, 0)]
        self.left -= len(taken)
        return taken

    def add_pictures(self, found: Iterable[bytes]) -> None:
        taken = (self.take(picture, "a thumbnail") for picture in found)
        self.pictures.extend(picture for picture in taken if picture.strip(b"\0"))

    def done(self) -> Metadata:
        return Metadata(
            tuple(self.exif),
            tuple(self.xmp),
            tuple(self.iptc),
            tuple(self.texts),
            tuple(self.damaged),
            tuple(self.unread),
            tuple(self.pictures),
        )


def collect(content: bytes, kind: str, walk: Walk, max_bytes: int) -> Metadata:
    """The metadata in the blocks that `walk` found; at most `max_bytes` in all, decompressed."""
    to = _Collector(max_bytes)
    if kind == "TIFF":
        _exif(content, to, pages=True)
    for name, blocks in _joined(content, walk):
        _read(name, blocks, to)
    for packet in to.xmp:
        to.add_pictures(thumbnails.in_xmp(packet))
    return to.done()


def orientation_of(metadata: Metadata) -> int:
    """EXIF orientation, 1..8; 1 where it is absent or out of range."""
    for entry in metadata.exif:
        if entry.directory == "main" and entry.tag == tiff.ORIENTATION and len(entry.value) >= 2:
            readings = (int.from_bytes(entry.value[:2], order) for order in _BYTE_ORDERS)
            return next((value for value in readings if 1 <= value <= 8), 1)
    return 1


def _joined(content: bytes, walk: Walk) -> Iterator[tuple[BlockKind, bytes]]:
    """Kind and bytes of each metadata block, in order; the parts of a split block are joined."""
    parts: list[tuple[BlockKind, list[bytes]]] = []
    last: dict[BlockKind, list[bytes]] = {}
    for block in walk.metadata:
        body = content[block.start : block.end]
        kind: BlockKind = "exif" if block.kind == "exif_more" else block.kind
        if block.kind in _CONTINUE and kind in last:
            last[kind].append(body)
        else:
            last[kind] = [body]
            parts.append((kind, last[kind]))
    for kind, pieces in parts:
        yield kind, b"".join(pieces)


def _read(kind: BlockKind, body: bytes, to: _Collector) -> None:
    if kind in ("exif", "exif_more"):
        _exif(body, to)
    elif kind in ("xmp", "xmp_more"):
        to.xmp.append(to.take(body, "XMP"))
    elif kind == "photoshop":
        _photoshop(body, to)
    elif kind == "comment":
        to.texts.append(("Comment", _text(to.take(body, "a comment"))))
    else:
        _png_text(kind, body, to)


def _exif(block: bytes, to: _Collector, pages: bool = False) -> None:
    """Collect every EXIF field that may hold text or a position, and XMP and IPTC inside EXIF.

    `pages`: the block is a TIFF file, whose directories are its pages and not thumbnails.
    """
    block = block.removeprefix(_EXIF_SIGNATURE)
    found = tiff.structure(block, to.entries_left)
    to.entries_left -= len(found.fields) + 1
    if found.damaged:
        to.damaged["EXIF"] = None
    if found.unread:
        to.unread["EXIF"] = None
    if not pages:
        to.add_pictures(thumbnails.in_exif(block, found.fields))
    for entry in found.fields:
        if entry.tag in _OPAQUE_TAGS or (
            entry.kind not in _TEXT_KINDS and entry.size_bytes > _SMALL_BYTES
        ):
            continue
        end = entry.start + entry.size_bytes
        if end > len(block):
            to.damaged["EXIF"] = None
        value = to.take(block[entry.start : end], "EXIF")
        if entry.tag == _XMP_TAG:
            to.xmp.append(value)
        elif entry.tag == _IPTC_TAG:
            to.iptc.append(value)
        elif entry.tag == _PHOTOSHOP_TAG:
            _photoshop(value, to)
        else:
            to.exif.append(ExifField(entry.directory, entry.tag, entry.kind, value))


def _photoshop(block: bytes, to: _Collector) -> None:
    for resource in resources(block):
        if resource is None:
            to.damaged["Photoshop resources"] = None
            continue
        number, body = resource
        to.add_pictures(thumbnails.in_photoshop(number, body))
        if number == photoshop.IPTC:
            to.iptc.append(to.take(body, "IPTC"))
        elif number == photoshop.XMP:
            to.xmp.append(to.take(body, "XMP"))
        elif number == photoshop.EXIF:
            _exif(body, to)


def _png_text(kind: BlockKind, body: bytes, to: _Collector) -> None:
    keyword, _, rest = body.partition(b"\0")
    name = keyword[:_LONGEST_KEYWORD].decode("latin-1")
    packed = kind == "zTXt"
    if kind == "iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    elif packed:
        rest = rest[1:]
    value = _inflated(rest, name, to) if packed else to.take(rest, "PNG text")
    if name.lower().startswith(_RAW_PROFILE):
        _raw_profile(name[len(_RAW_PROFILE) :].strip().lower(), value, to)
    elif name == _XMP_KEYWORD:
        to.xmp.append(value)
    else:
        to.texts.append((name, _text(value, "utf-8" if kind == "iTXt" else "latin-1")))


def _inflated(data: bytes, name: str, to: _Collector) -> bytes:
    """Decompressed up to the limit of bytes, plus one byte that shows whether there is more."""
    inflater = zlib.decompressobj()
    try:
        value = inflater.decompress(data, max(to.left, 0) + 1)
    except zlib.error:
        to.damaged[f"PNG text {name!r}"] = None
        return b""
    if not inflater.eof and len(value) <= to.left:
        to.damaged[f"PNG text {name!r}"] = None
    return to.take(value, "PNG text")


def _raw_profile(profile: str, value: bytes, to: _Collector) -> None:
    """Collect a profile in ImageMagick's text form: its name, its length, then hex digits."""
    _, _, body = value.lstrip().partition(b"\n")
    length, _, digits = body.lstrip().partition(b"\n")
    if not length.strip().isdigit():
        digits = body
    try:
        block = bytes.fromhex(b"".join(digits.split()).decode("ascii"))
    except ValueError:
        to.damaged[f"PNG text {_RAW_PROFILE}{profile}"] = None
        return
    if block.startswith(_XMP_SIGNATURE) or profile == "xmp":
        to.xmp.append(block.removeprefix(_XMP_SIGNATURE))
    elif block.startswith(_EXIF_SIGNATURE) or block[:4] in tiff.MAGIC:
        _exif(block, to)
    elif b"8BIM" in block[:64]:
        _photoshop(block[block.index(b"8BIM") :], to)
    elif profile in ("iptc", "8bim"):
        to.iptc.append(block)
    elif profile not in ("icc", "icm"):
        to.damaged[f"PNG text {_RAW_PROFILE}{profile}"] = None


def _text(value: bytes, fallback: str = "latin-1") -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode(fallback, "replace")
