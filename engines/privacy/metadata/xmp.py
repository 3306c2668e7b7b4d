"""Adobe's XMP packet, looked at as text: no XML parser meets bytes from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

_START, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_LARGEST_BYTES = 1 << 20
_NAMES = {
    "gps_location": ("exif:GPSLatitude", "Iptc4xmpCore:Location", "photoshop:City"),
    "owner_name": (
        "aux:OwnerName",
        "exifEX:CameraOwnerName",
        "dc:creator",
        "Iptc4xmpExt:PersonInImage",
        "Iptc4xmpCore:CreatorContactInfo",
        "tiff:Artist",
    ),
    "device_serial": ("aux:SerialNumber", "aux:LensSerialNumber", "exifEX:BodySerialNumber"),
}


def xmp_packet(content: bytes) -> str:
    """The first packet of a file, whatever its format; empty if there is none."""
    start = content.find(_START)
    if start < 0:
        return ""
    end = content.find(_END, start, start + _LARGEST_BYTES)
    return content[start : end if end >= 0 else start + _LARGEST_BYTES].decode("utf-8", "replace")


def xmp_findings(packet: str) -> Iterator[tuple[str, str]]:
    """Issue type and XMP property of what the packet tells; a property without content is none."""
    for kind, names in _NAMES.items():
        for name in names:
            if _has_value(packet, name):
                yield kind, name


def _has_value(packet: str, name: str) -> bool:
    """As an attribute (`name="value"`) or an element with some text in it."""
    if re.search(rf"\s{re.escape(name)}\s*=\s*[\"']\s*[^\"'\s]", packet):
        return True
    start = packet.find(f"<{name}")
    if start < 0:
        return False
    end = packet.find(f"</{name}>", start)
    return bool(re.sub(r"<[^>]*>", "", packet[start:end]).strip()) if end >= 0 else False
