"""Converts EXIF fields to statements (CIPA DC-008; the XP tags are defined by Microsoft)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engines.privacy.metadata.statement import Statement

if TYPE_CHECKING:
    from engines.images import ExifField

_PLACES = ((2, 4), (20, 22))  # GPS tags: latitude and longitude of the camera, and of the object
_GPS_TEXTS = {27: "GPSProcessingMethod", 28: "GPSAreaInformation"}
_OWNERS = {
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9C9D: "XPAuthor",
    0xA430: "CameraOwnerName",
    0xA437: "Photographer",
    0xA438: "ImageEditor",
}
_SERIALS = {
    0xA431: "BodySerialNumber",
    0xA435: "LensSerialNumber",
    0xC62F: "CameraSerialNumber",
    0xA420: "ImageUniqueID",
}
_TEXTS = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x011D: "PageName",
    0x013C: "HostComputer",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
    0xA436: "ImageTitle",
}
_ASCII, _UTF8 = 2, 129
_XP_TAGS = frozenset(range(0x9C9B, 0x9CA0))
_CHARSETS = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", b"\0" * 8)


def exif_statements(fields: Sequence[ExifField]) -> Iterator[Statement]:
    """One statement for each GPS position and for each text. The tag says whether a text is an
    owner's name, a serial number, or another text."""
    gps = {field.tag for field in fields if field.directory == "gps" and field.value}
    for latitude, longitude in _PLACES:
        if latitude in gps and longitude in gps:
            yield Statement("exif", "GPSLatitude, GPSLongitude", "", "gps_location")
    for field in fields:
        text = _as_text(field)
        if text:
            yield _statement(field, text)


def _statement(field: ExifField, text: str) -> Statement:
    if field.directory == "gps":
        name = _GPS_TEXTS.get(field.tag)
        return Statement("exif", name or "GPS", text, search="all" if name else "email")
    if field.tag in _OWNERS:
        return Statement("exif", _OWNERS[field.tag], text, "owner_name")
    if field.tag in _SERIALS:
        return Statement("exif", _SERIALS[field.tag], text, "device_serial", "email")
    if field.tag in _TEXTS:
        return Statement("exif", _TEXTS[field.tag], text)
    return Statement("exif", f"tag 0x{field.tag:04X}", text, search="email")


def _as_text(field: ExifField) -> str:
    """The field's text; "" if it has none. Its bytes are ASCII, UTF-8, UTF-16 (XP tags), or a
    comment that begins with eight bytes for its character set."""
    value = field.value
    known = field.tag in _TEXTS or (field.directory == "gps" and field.tag in _GPS_TEXTS)
    if field.kind not in (_ASCII, _UTF8) and field.tag not in _XP_TAGS and not known:
        return ""
    wide = field.tag in _XP_TAGS or value.startswith(b"UNICODE\0")
    for charset in _CHARSETS:
        value = value.removeprefix(charset)
    return _decoded(value, wide).replace("\0", "").strip()


def _decoded(value: bytes, wide: bool) -> str:
    zeros = {"utf-16-le": value[1::2].count(0), "utf-16-be": value[0::2].count(0)}
    likelier = max(zeros, key=lambda name: zeros[name])
    if wide or zeros[likelier] * 2 >= len(value) - 1 > 0:
        return value.decode(likelier, "replace")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
