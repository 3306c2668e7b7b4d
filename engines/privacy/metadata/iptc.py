"""Converts IPTC data sets to statements (IPTC Information Interchange Model, version 4)."""

from __future__ import annotations

from collections.abc import Iterator

from engines.privacy.metadata.statement import Statement

_MARKER, _RECORD = 0x1C, 2
_EXTENDED = 0x8000  # bit of a data set with an extended length field, which texts never have
_MAX_DATA_SETS = 4096
_NAMES = {
    5: ("ObjectName", None),
    25: ("Keywords", None),
    26: ("ContentLocationCode", None),
    27: ("ContentLocationName", "gps_location"),
    40: ("SpecialInstructions", None),
    80: ("By-line", "owner_name"),
    85: ("By-lineTitle", None),
    90: ("City", "gps_location"),
    92: ("Sub-location", "gps_location"),
    105: ("Headline", None),
    110: ("Credit", "owner_name"),
    115: ("Source", "owner_name"),
    116: ("CopyrightNotice", "owner_name"),
    118: ("Contact", "owner_name"),
    120: ("Caption-Abstract", None),
    122: ("Writer-Editor", "owner_name"),
}


def iptc_statements(block: bytes) -> Iterator[Statement | None]:
    """Yield a statement for every text of the application record (record 2). If the block is
    damaged, the last item is None."""
    at = 0
    for _ in range(_MAX_DATA_SETS):
        if not block[at : at + 5].strip(b"\0"):
            return
        if block[at] != _MARKER or at + 5 > len(block):
            break
        record, number = block[at + 1], block[at + 2]
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        if size & _EXTENDED or at + 5 + size > len(block):
            break
        text = _text(block[at + 5 : at + 5 + size])
        if record == _RECORD and text:
            name, tells = _NAMES.get(number, (f"data set {number}", None))
            yield Statement("iptc", name, text, tells, "all" if number in _NAMES else "email")
        at += 5 + size
    yield None


def _text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.replace("\0", "").strip()
