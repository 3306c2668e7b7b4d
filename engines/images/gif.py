"""GIF blocks, walked before a library reads them (GIF89a specification)."""

from __future__ import annotations

from engines.images.model import refuse

MAGIC = (b"GIF87a", b"GIF89a")
_MAX_BLOCKS = 262_144
_MAX_EXTENSION_BYTES = 2**20


def check(content: bytes) -> int | None:
    """Where the image ends (None: it is cut short); `InvalidImage` for bombs.

    Readers gather comments piece by piece, which takes quadratic time: extensions are bounded.
    """
    at = 13 + _colour_table_bytes(content[10:11])
    blocks = extension_bytes = 0
    while at < len(content):
        kind, start = content[at], at
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            at += 2
        elif kind == 0x2C:
            at += 11 + _colour_table_bytes(content[at + 9 : at + 10])
        else:
            return None
        while at < len(content) and content[at]:
            at += content[at] + 1
            blocks += 1
            if blocks > _MAX_BLOCKS:
                raise refuse(f"has more than {_MAX_BLOCKS} GIF blocks")
        at += 1
        extension_bytes += at - start if kind == 0x21 else 0
        if extension_bytes > _MAX_EXTENSION_BYTES:
            raise refuse("has more than 1 MiB of GIF extensions")
    return None


def _colour_table_bytes(flags: bytes) -> int:
    if not flags or not flags[0] & 0x80:
        return 0
    return 3 * 2 ** ((flags[0] & 7) + 1)
