"""Read TIFF directories without decoding a picture: TIFF 6.0, BigTIFF and EXIF blocks.

A 31 MB file whose directory has 65,535 entries that all point at the same 30 MB is valid, but
makes a naive reader read two terabytes, and directories may point at each other in a circle.
Therefore each directory is read once, and the numbers of directories and entries are limited.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engines.images.model import ImageLimits, refuse

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112
_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_LENGTH = 0x0100, 0x0101, 0x0142, 0x0143
_SUB_DIRECTORIES = 0x014A
_CHILDREN = {0x8769: "exif", 0x8825: "gps", 0xA005: "interoperability", _SUB_DIRECTORIES: "sub"}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_BYTES |= {16: 8, 17: 8, 18: 8, 129: 1}  # BigTIFF, and UTF-8 of Exif 3.0
_SLACK_BYTES = 65_536
_MAX_DIRECTORIES = 256
_MAX_ENTRIES = 8192


class Field(NamedTuple):
    """A directory entry; its value is `content[start:start + size_bytes]`, if the file is whole."""

    directory: str
    """"main" for a page's directory, or "exif", "gps", "interoperability" or "sub"."""
    tag: int
    kind: int
    start: int
    size_bytes: int
    number: int
    """First value of a SHORT, LONG or IFD entry; meaningless for other types."""


@dataclass(slots=True)
class Structure:
    """The entries of all directories, in the order of reading."""

    fields: list[Field] = field(default_factory=list)
    max_entries: int = _MAX_ENTRIES
    damaged: bool = False
    """Whether a directory is incomplete."""
    unread: bool = False
    """Whether directories or entries were left unread because there are too many."""
    cut: bool = False
    """Whether a page's directory is beyond the end of the file, or cut off by it."""
    order: str = "<"
    """Byte order, in the notation of `struct`."""

    @property
    def left(self) -> int:
        """How many more entries may be read."""
        return max(0, self.max_entries - len(self.fields))

    def number(self, tag: int, default: int, directory: str = "main") -> int:
        """The first entry with this tag in a directory of this name, as a number."""
        found = (f.number for f in self.fields if f.tag == tag and f.directory == directory)
        return next(found, default)

    def largest(self, tag: int) -> int:
        """The largest number with this tag in any directory; 1 if there is none."""
        return max((f.number for f in self.fields if f.tag == tag), default=1)


class _Layout(NamedTuple):
    """Byte order, and the `struct` codes and sizes of positions and of entry counts."""

    order: str
    word: str
    word_bytes: int
    counter: str
    counter_bytes: int


def _layout(content: bytes) -> _Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None or content[:4] not in MAGIC or len(content) < 8:
        return None
    big = b"+" in content[2:4]
    return _Layout(order, *(("Q", 8, "Q", 8) if big else ("L", 4, "H", 2)))


def structure(content: bytes, max_entries: int = _MAX_ENTRIES) -> Structure:
    """Read each directory once, until `max_entries` entries were read. Never raises."""
    found = Structure(max_entries=max_entries)
    layout = _layout(content)
    if layout is None:
        found.damaged = True
        return found
    found.order = layout.order
    seen: set[int] = set()
    waiting = [("main", _word(content, _pointer(layout), layout))]
    while waiting:
        name, offset = waiting.pop()
        if offset == 0 or offset in seen:
            continue
        seen.add(offset)
        if len(seen) > _MAX_DIRECTORIES or found.left <= 0:
            found.unread = True
            break
        waiting.extend(_directory(content, offset, name, layout, found))
    return found


def _directory(
    content: bytes, offset: int, name: str, layout: _Layout, found: Structure
) -> Iterator[tuple[str, int]]:
    """Append the entries of the directory at `offset` to `found`; yield the name and position of
    each directory that it points at."""
    if offset + layout.counter_bytes > len(content):
        found.damaged = True
        found.cut |= name == "main"
        return
    (count,) = struct.unpack_from(layout.order + layout.counter, content, offset)
    entry_bytes = 4 + 2 * layout.word_bytes
    at = offset + layout.counter_bytes
    read = min(count, found.left)
    found.unread |= read < count
    for _ in range(read):
        if at + entry_bytes > len(content):
            found.damaged = True
            found.cut |= name == "main"
            return
        entry = _entry(content, at, name, layout)
        found.fields.append(entry)
        if entry.tag in _CHILDREN:
            yield _CHILDREN[entry.tag], entry.number
        at += entry_bytes
    if name in ("main", "sub") and read == count:
        yield name, _word(content, at, layout)


def _entry(content: bytes, at: int, name: str, layout: _Layout) -> Field:
    tag, kind, count = struct.unpack_from(f"{layout.order}HH{layout.word}", content, at)
    size = count * _TYPE_BYTES.get(kind, 1)
    start = at + 4 + layout.word_bytes
    if size > layout.word_bytes:
        start = _word(content, start, layout)
    form = {3: "H", 16: "Q", 18: "Q"}.get(kind, "L")
    whole = start + struct.calcsize(f"={form}") <= len(content)
    (number,) = struct.unpack_from(layout.order + form, content, start) if whole else (0,)
    return Field(name, tag, kind, start, size, number)


def _word(content: bytes, at: int, layout: _Layout) -> int:
    if at + layout.word_bytes > len(content):
        return 0
    (word,) = struct.unpack_from(layout.order + layout.word, content, at)
    return int(word)


def second_directory(content: bytes) -> int:
    """Position of the second directory, which in an EXIF block is the thumbnail's; 0 if absent."""
    layout = _layout(content)
    if layout is None:
        return 0
    at = _word(content, _pointer(layout), layout)
    if at == 0 or at + layout.counter_bytes > len(content):
        return 0
    (count,) = struct.unpack_from(layout.order + layout.counter, content, at)
    behind = at + layout.counter_bytes + count * (4 + 2 * layout.word_bytes)
    return _word(content, behind, layout)


def sub_directories(content: bytes) -> list[int]:
    """Positions of the directories that "SubIFDs" entries name: pictures that are not pages."""
    layout = _layout(content)
    if layout is None:
        return []
    found: dict[int, None] = {}
    for entry in structure(content).fields:
        if entry.tag == _SUB_DIRECTORIES:
            code, size = ("Q", 8) if entry.kind in (16, 18) else ("L", 4)
            end = min(entry.start + entry.size_bytes, len(content) - size + 1)
            for at in range(entry.start, end, size)[:_MAX_DIRECTORIES]:
                found[struct.unpack_from(layout.order + code, content, at)[0]] = None
    return [at for at in found if at][:_MAX_DIRECTORIES]


def begun_at(content: bytes, directory: int) -> bytes:
    """The file with its header changed so that the first directory is the one at `directory`."""
    layout = _layout(content)
    if layout is None:
        return content
    at = _pointer(layout)
    pointer = struct.pack(layout.order + layout.word, directory)
    return content[:at] + pointer + content[at + layout.word_bytes :]


def _pointer(layout: _Layout) -> int:
    return 8 if layout.word == "Q" else 4


def check(content: bytes, limits: ImageLimits) -> Structure:
    """The file's directories.

    Raises `InvalidImage` for a file without a directory, with too many of them or their entries,
    with entries that claim far more bytes than the file has, or with oversized tiles.
    """
    found = structure(content)
    if not found.fields:
        raise refuse("is a TIFF file without a directory")
    if found.unread:
        raise refuse("has more TIFF directories or entries than a picture needs")
    if sum(f.size_bytes for f in found.fields) > 2 * len(content) + _SLACK_BYTES:
        raise refuse("has metadata that claims more bytes than the file has")
    if found.largest(_TILE_WIDTH) * found.largest(_TILE_LENGTH) > limits.max_pixels:
        raise refuse("has TIFF tiles larger than an image may be", "tile within max_pixels")
    return found


def size_of(found: Structure) -> tuple[int, int]:
    """Width and height of the first picture, pixels; 0 where not stated."""
    return found.number(_WIDTH, 0), found.number(_HEIGHT, 0)
