"""HEIF boxes (HEIC, AVIF), walked before a library reads them (ISO 14496-12, ISO 23008-12).

A file is a row of boxes. The box `meta` lists items (`iinf`), says where their bytes lie (`iloc`),
how large pictures are (`ispe`) and which item is a thumbnail of which (`iref`). The entry of an
item that is metadata gets another type for the decoder, which then never reads it.
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
"""Given to items that are metadata: a type that no decoder reads."""


class Box(NamedTuple):
    """A box of this type, whose body is `content[start:end]`."""

    kind: bytes
    start: int
    end: int


class _Item(NamedTuple):
    """An item's type, where that stands, and for `mime` its content type."""

    kind: bytes
    at: int
    media_type: bytes


@dataclass(slots=True)
class Meta:
    """What the box `meta` says."""

    items: dict[int, _Item] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Start and end of each piece of an item."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    thumbnails: int = 0
    maps: int = 0
    """Auxiliary pictures: depth, gain, alpha."""


def kind_of(content: bytes) -> str | None:
    """ "AVIF" or "HEIF" by the brands of the first box; None where it has none of theirs."""
    if content[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(content[:4], "big"), len(content), 16 + 4 * _MAX_BRANDS)
    brands = [content[8:12], *(content[at : at + 4] for at in range(16, end, 4))]
    if brands[0] in _AVIF_BRANDS or (brands[0] not in _HEIC_BRANDS and _any(brands, _AVIF_BRANDS)):
        return "AVIF"
    # "mif1" and "miaf" say only that it is a picture; the others say how it is coded.
    if _any(brands, _AVIF_BRANDS) and not _any(brands, _HEIC_BRANDS - {b"mif1", b"miaf", b"mif2"}):
        return "AVIF"
    return "HEIF" if brands[0] in _HEIC_BRANDS else None


def walk(content: bytes) -> Walk:
    """`InvalidImage` for a file without pictures, or of more boxes and items than one needs."""
    end, whole, meta = 0, True, Meta()
    for box in boxes(content, 0, len(content)):
        if box.end > len(content) and box.kind not in _TOP:
            break  # something else stands behind the last box
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
    """Films and sequences beside the pictures, in words."""
    return [_FILMS[box.kind] for box in boxes(content, 0, len(content)) if box.kind in _FILMS]


def beside(content: bytes) -> tuple[int, int]:
    """How many thumbnails and how many maps the pictures have."""
    found = (box for box in boxes(content, 0, len(content)) if box.kind == b"meta")
    metas = [_meta(content, box) for box in found]
    return sum(meta.thumbnails for meta in metas), sum(meta.maps for meta in metas)


def boxes(content: bytes, at: int, end: int) -> Iterator[Box]:
    """Boxes from `at` on; the last one may end behind `end`. What is no box ends the row."""
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">L4s", content, at)
        start = at + 8
        if size == 1 and at + 16 <= end:
            size, start = int.from_bytes(content[at + 8 : at + 16], "big"), at + 16
        size = size or end - at  # 0: as far as the file goes
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
    """Pieces of each item; none where they lie in another item or another file."""
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
    """Blocks of EXIF and XMP, and what hides them from a decoder."""
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
    """From the first to the last byte of an item; nothing where its pieces are strewn."""
    pieces = places.get(number, [])
    joined = all(a[1] == b[0] for a, b in pairwise(pieces))
    return (pieces[0][0], pieces[-1][1]) if pieces and joined else (0, 0)


def _exif(content: bytes, place: tuple[int, int]) -> Iterator[Block]:
    """Behind four bytes that say how far the TIFF header is (ISO 23008-12, A.2.1)."""
    start, end = place
    header = start + 4 + int.from_bytes(content[start : start + 4], "big")
    yield Block("exif", min(header, end), end)
