"""Find the boxes of a HEIF file (HEIC, AVIF) without decoding it (ISO 14496-12, ISO 23008-12).

A file is a sequence of boxes. The box `meta` lists items (`iinf`), where their bytes are (`iloc`),
the sizes of pictures (`ispe`) and which item is a thumbnail of which (`iref`). To hide EXIF and
XMP items from the decoder, their item type is overwritten in the copy that the decoder reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from engines.images.formats.walk import Block, Walk
from engines.images.model import refuse

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"miaf"}
)
_FILMS = {b"mpvd": "a film behind the picture", b"moov": "a sequence of pictures"}
_TOP = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"idat", *_FILMS})
_MAX_BOXES = 4096
_MAX_ITEMS = 4096
_MAX_BRANDS = 64
UNKNOWN_TYPE = b"skip"
"""Item type that no decoder reads; overwrites the type of EXIF and XMP items."""


class Box(NamedTuple):
    """A box of the type `kind`; its body is `content[start:end]`."""

    kind: bytes
    start: int
    end: int


class _Item(NamedTuple):
    """An item's type, the position of that type in the file, and for type `mime` its media type."""

    kind: bytes
    at: int
    media_type: bytes


@dataclass(slots=True)
class Meta:
    """The parsed content of the box `meta`."""

    items: dict[int, _Item] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Item number to the start and end of each of the item's pieces."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    thumbnails: int = 0
    maps: int = 0
    """Auxiliary pictures: depth, gain, alpha."""


def kind_of(content: bytes) -> str | None:
    """ "AVIF" or "HEIF", by the brands in the first box; None if no brand is of these formats."""
    if content[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(content[:4], "big"), len(content), 16 + 4 * _MAX_BRANDS)
    brands = [content[8:12], *(content[at : at + 4] for at in range(16, end, 4))]
    if brands[0] in _AVIF_BRANDS or (brands[0] not in _HEIC_BRANDS and _any(brands, _AVIF_BRANDS)):
        return "AVIF"
    # "mif1", "mif2" and "miaf" say only that it is a picture; other brands name the codec.
    if _any(brands, _AVIF_BRANDS) and not _any(brands, _HEIC_BRANDS - {b"mif1", b"miaf", b"mif2"}):
        return "AVIF"
    return "HEIF" if brands[0] in _HEIC_BRANDS else None


def walk(content: bytes) -> Walk:
    """Where the picture ends, its metadata, its largest size, and what to hide from a decoder.

    Raises `InvalidImage` for a file that names no picture size, or has more boxes than a picture
    needs.
    """
    end, whole, meta = 0, True, Meta()
    for box in boxes(content, 0, len(content)):
        if box.end > len(content) and box.kind not in _TOP:
            break  # not a box: other content follows the last box
        whole = box.end <= len(content)
        end = min(box.end, len(content))
        if box.kind == b"meta":
            meta = _meta(content, box)
    if not meta.sizes and not films(content):
        raise refuse("has a broken HEIF header: it names no size")
    blocks, hidden = _metadata(content, meta)
    largest = max(meta.sizes, key=lambda size: size[0] * size[1], default=None)
    return Walk(end if whole else None, blocks, (), largest, not whole, hidden)


def films(content: bytes) -> list[str]:
    """Films and image sequences in the file, in words for a report."""
    return [_FILMS[box.kind] for box in boxes(content, 0, len(content)) if box.kind in _FILMS]


def beside(content: bytes) -> tuple[int, int]:
    """The number of thumbnails, and the number of auxiliary pictures (depth, gain, alpha)."""
    found = (box for box in boxes(content, 0, len(content)) if box.kind == b"meta")
    metas = [_meta(content, box) for box in found]
    return sum(meta.thumbnails for meta in metas), sum(meta.maps for meta in metas)


def boxes(content: bytes, at: int, end: int) -> Iterator[Box]:
    """The boxes from position `at` on, until `end` or until something that is not a box.

    The last box may end after `end`. Raises `InvalidImage` for too many boxes.
    """
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">L4s", content, at)
        start = at + 8
        if size == 1 and at + 16 <= end:
            size, start = int.from_bytes(content[at + 8 : at + 16], "big"), at + 16
        size = size or end - at  # 0: the box extends to the end of the file
        if size < start - at or not all(32 <= letter < 127 for letter in kind):
            return
        yield Box(kind, start, at + size)
        at += size
    raise refuse(f"has more than {_MAX_BOXES} boxes")


def _any(brands: list[bytes], wanted: frozenset[bytes]) -> bool:
    return any(brand in wanted for brand in brands)


def _meta(content: bytes, box: Box) -> Meta:
    meta = Meta()
    parts = {part.kind: part for part in boxes(content, box.start + 4, min(box.end, len(content)))}
    idat = parts[b"idat"].start if b"idat" in parts else 0
    try:
        if b"iinf" in parts:
            meta.items.update(_items(content, parts[b"iinf"]))
        if b"iloc" in parts:
            meta.places.update(_places(content, parts[b"iloc"], idat))
        if b"iprp" in parts:
            meta.sizes.extend(_sizes(content, parts[b"iprp"]))
        if b"iref" in parts:
            inner = boxes(content, parts[b"iref"].start + 4, parts[b"iref"].end)
            kinds = [part.kind for part in inner]
            meta.thumbnails, meta.maps = kinds.count(b"thmb"), kinds.count(b"auxl")
    except (struct.error, IndexError):
        raise refuse("is a broken or truncated HEIF file") from None
    return meta


def _items(content: bytes, box: Box) -> Iterator[tuple[int, _Item]]:
    long = content[box.start] > 0
    at = box.start + (8 if long else 6)
    for entry in boxes(content, at, min(box.end, len(content))):
        version = content[entry.start]
        if entry.kind != b"infe" or version < 2:
            continue
        width = 4 if version > 2 else 2
        number = int.from_bytes(content[entry.start + 4 : entry.start + 4 + width], "big")
        at = entry.start + 4 + width + 2
        texts = content[at + 4 : entry.end].split(b"\0")
        yield number, _Item(content[at : at + 4], at, texts[1] if len(texts) > 1 else b"")


def _sizes(content: bytes, box: Box) -> Iterator[tuple[int, int]]:
    for container in boxes(content, box.start, min(box.end, len(content))):
        if container.kind == b"ipco":
            for part in boxes(content, container.start, min(container.end, len(content))):
                if part.kind == b"ispe":
                    width, height = struct.unpack_from(">LL", content, part.start + 4)
                    yield width, height


def _places(content: bytes, box: Box, idat: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """The pieces of each item; none where they are inside another item or another file."""
    version, widths = content[box.start], struct.unpack_from(">H", content, box.start + 4)[0]
    offset_bytes, length_bytes = widths >> 12, widths >> 8 & 15
    base_bytes, index_bytes = widths >> 4 & 15, (widths & 15 if version else 0)
    reader = _Reader(content, box.start + 6)
    id_bytes = 4 if version > 1 else 2
    for _ in range(min(reader.number(id_bytes), _MAX_ITEMS)):
        number = reader.number(id_bytes)
        method = reader.number(2) & 15 if version else 0
        reader.number(2)
        base = reader.number(base_bytes) + (idat if method == 1 else 0)
        pieces = []
        for _ in range(min(reader.number(2), _MAX_ITEMS)):
            reader.number(index_bytes)
            start = base + reader.number(offset_bytes)
            length = reader.number(length_bytes)
            pieces.append((start, start + length if length else len(content)))
        yield number, pieces if method < 2 else []


@dataclass(slots=True)
class _Reader:
    content: bytes
    at: int

    def number(self, width: int) -> int:
        if self.at + width > len(self.content):
            raise struct.error
        value = int.from_bytes(self.content[self.at : self.at + width], "big")
        self.at += width
        return value


def _metadata(
    content: bytes, meta: Meta
) -> tuple[tuple[Block, ...], tuple[tuple[int, bytes], ...]]:
    """The EXIF and XMP blocks, and the overwritten bytes that hide them from a decoder."""
    blocks: list[Block] = []
    hidden: list[tuple[int, bytes]] = []
    for number, item in meta.items.items():
        if item.kind == b"Exif":
            blocks.extend(_exif(content, _whole(meta.places, number)))
        elif item.kind == b"mime" and b"xml" in item.media_type:
            blocks.append(Block("xmp", *_whole(meta.places, number)))
        else:
            continue
        hidden.append((item.at, UNKNOWN_TYPE))
    return tuple(blocks), tuple(hidden)


def _whole(places: Mapping[int, list[tuple[int, int]]], number: int) -> tuple[int, int]:
    """Start and end of an item; (0, 0) where its pieces do not follow each other."""
    pieces = places.get(number, [])
    joined = all(a[1] == b[0] for a, b in pairwise(pieces))
    return (pieces[0][0], pieces[-1][1]) if pieces and joined else (0, 0)


def _exif(content: bytes, place: tuple[int, int]) -> Iterator[Block]:
    """The EXIF block: it follows four bytes that give the TIFF header's offset (ISO 23008-12,
    A.2.1)."""
    start, end = place
    header = start + 4 + int.from_bytes(content[start : start + 4], "big")
    yield Block("exif", min(header, end), end)
