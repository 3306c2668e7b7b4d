"""Detect another file, such as an archive or a program, after the end of a picture.

Phones append harmless data to a JPEG: further pictures, a gain map, a film. Such compressed data
contains any short signature by chance (a given three bytes about once in 16 MB). So a short
signature counts only directly after the picture. Further on, a structure must match that another
program would accept, such as a ZIP directory at the stated position or a valid ELF header.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PADDING = re.compile(rb"[\0\xff\s]*(?:\xef\xbb\xbf)?\s*")
_BEGINNING = re.compile(
    rb"PK\x03\x04|PK\x05\x06|%PDF-|Rar!\x1a|7z\xbc\xaf|\x7fELF|MZ|#!|\x1f\x8b\x08"
    rb"|\x89PNG\r\n\x1a\n|GIF8[79]a"  # pictures here would not be decoded and checked
    rb"|<\?php|<\?xml|<!doctype|<(?:html|head|body|script|svg|iframe)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    rb"<!doctype\s{1,8}html|<\?php\s|</?(?:html|script|iframe|body)(?:\s|>)", re.IGNORECASE
)
_ARCHIVES = re.compile(rb"Rar!\x1a\x07[\x00\x01]|7z\xbc\xaf\x27\x1c\x00")
_PDF = re.compile(rb"%PDF-[12]\.\d")
_PDF_END = re.compile(rb"startxref|%%EOF")
# An ELF header: type 1..4, version 1, and the header's size; 32 and 64 bits, both byte orders.
_ELF = re.compile(
    rb"\x7fELF\x01\x01\x01[\s\S]{9}[\x01-\x04]\0[\s\S]{2}\x01\0\0\0[\s\S]{16}\x34\0"
    rb"|\x7fELF\x01\x02\x01[\s\S]{9}\0[\x01-\x04][\s\S]{2}\0\0\0\x01[\s\S]{16}\0\x34"
    rb"|\x7fELF\x02\x01\x01[\s\S]{9}[\x01-\x04]\0[\s\S]{2}\x01\0\0\0[\s\S]{28}\x40\0"
    rb"|\x7fELF\x02\x02\x01[\s\S]{9}\0[\x01-\x04][\s\S]{2}\0\0\0\x01[\s\S]{28}\0\x40"
)
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES, _ZIP_COMMENT_BYTES = 22, 65_535
_ZIP64_LOCATOR, _ZIP64_LOCATOR_BYTES = b"PK\x06\x07", 20
_AT_A_TIME = 2**18
_MZ_HEADER_BYTES = 64
_MACHINES = (0x014C, 0x8664, 0x01C0, 0x01C4, 0xAA64, 0x0200, 0x5032, 0x5064)


def carries_a_file(content: bytes, end: int) -> bool:
    """Whether the bytes from position `end` on hold a file that another program would open.

    Takes time linear in the length of `content`.
    """
    start = _behind_padding(content, end)
    if start >= len(content):
        return False
    if _BEGINNING.match(content, start):
        return True
    return any(found(content, start) for found in _SEARCHES)


def _behind_padding(content: bytes, at: int) -> int:
    padding = _PADDING.match(content, at)
    return padding.end() if padding else at


def _markup(content: bytes, start: int) -> bool:
    return _MARKUP.search(content, start) is not None


def _archive(content: bytes, start: int) -> bool:
    return _ARCHIVES.search(content, start) is not None


def _pdf(content: bytes, start: int) -> bool:
    header = _PDF.search(content, start)
    return header is not None and _PDF_END.search(content, header.end()) is not None


def _zip(content: bytes, start: int) -> bool:
    """Whether there is a ZIP end record with its directory directly before it (APPNOTE.TXT,
    4.3.16)."""
    earliest = max(start, len(content) - _ZIP_END_BYTES - _ZIP_COMMENT_BYTES)
    for at in _positions(content, _ZIP_END, earliest):
        if at + _ZIP_END_BYTES > len(content):
            continue
        entries, size = struct.unpack_from("<10xHL", content, at)
        if content.startswith(_ZIP64_LOCATOR, max(0, at - _ZIP64_LOCATOR_BYTES)):
            return True
        directory = at - size
        if entries == 0 and size == 0:
            return True
        if directory >= 0 and content.startswith(b"PK\x01\x02", directory):
            return True
    return False


def _elf(content: bytes, start: int) -> bool:
    return _ELF.search(content, start) is not None


def _windows_program(content: bytes, start: int) -> bool:
    """Whether there is an MZ header that points to a PE header of a known machine type.

    Uses arrays, because the two bytes "MZ" may occur millions of times.
    """
    if content.find(b"PE\0\0", start) < 0:
        return False
    tail = np.frombuffer(content, dtype=np.uint8, offset=start)
    if tail.size < _MZ_HEADER_BYTES:
        return False
    heads = np.flatnonzero((tail[:-1] == ord("M")) & (tail[1:] == ord("Z")))
    heads = heads[heads + _MZ_HEADER_BYTES <= tail.size]
    return any(
        _leads_to_a_program(tail, heads[at : at + _AT_A_TIME])
        for at in range(0, heads.size, _AT_A_TIME)
    )


def _leads_to_a_program(tail: NDArray[np.uint8], heads: NDArray[np.int64]) -> bool:
    pointers = np.zeros(heads.size, dtype=np.int64)
    for byte in range(4):
        pointers |= tail[heads + 60 + byte].astype(np.int64) << (8 * byte)
    targets = (heads + pointers)[heads + pointers + 6 <= tail.size]
    signature = np.frombuffer(b"PE\0\0", dtype=np.uint8)
    for byte in range(4):
        targets = targets[tail[targets + byte] == signature[byte]]
    machines = tail[targets + 4].astype(int) | tail[targets + 5].astype(int) << 8
    return bool(np.isin(machines, _MACHINES).any())


def _positions(content: bytes, what: bytes, start: int) -> Iterator[int]:
    at = content.find(what, start)
    while at >= 0:
        yield at
        at = content.find(what, at + 1)


_SEARCHES: tuple[Callable[[bytes, int], bool], ...] = (
    _markup,
    _archive,
    _pdf,
    _zip,
    _elf,
    _windows_program,
)
