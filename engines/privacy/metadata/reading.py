"""What a file tells beside its pixels: places, owners, serial numbers, PII in texts."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from PIL import Image

from engines.privacy.metadata.xmp import xmp_findings, xmp_packet
from engines.privacy.pii import masked
from engines.privacy.severity import SEVERITY
from engines.types import PrivacyIssue

if TYPE_CHECKING:
    from engines.images import DecodedImage
    from engines.privacy.config import MetadataConfig
    from engines.privacy.model import PiiDetector

_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_GPS_PLACE = (2, 4)  # latitude, longitude
_OWNERS = {0x013B: "Artist", 0x9C9D: "XPAuthor", 0x8298: "Copyright", 0xA430: "CameraOwnerName"}
_SERIALS = {
    0xA431: "BodySerialNumber",
    0xA435: "LensSerialNumber",
    0xC62F: "CameraSerialNumber",
    0xA420: "ImageUniqueID",
}
_TEXTS = {
    0x010E: "ImageDescription",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
}
_XMP_KEYWORD = "XML:com.adobe.xmp"
_NOT_PERSONAL_HERE = "url"  # every standard text of a file is full of links to its standard


class MetadataReader:
    """Pure and safe to share between threads."""

    def __init__(self, config: MetadataConfig, pii: PiiDetector) -> None:
        self._config = config
        self._pii = pii

    def read(self, content: bytes, image: DecodedImage) -> tuple[PrivacyIssue, ...]:
        """Issues of the metadata; `content` is the file that `image` was decoded from."""
        if not self._config.enabled:
            return ()
        packet = image.png_text.get(_XMP_KEYWORD) or xmp_packet(content)
        return (
            *self._exif(image.exif),
            *(_issue(kind, "xmp", name) for kind, name in xmp_findings(packet)),
            *self._in_text("xmp", "XMP", re.sub(r"<[^>]*>", "\n", packet), only="email"),
            *self._png(image.png_text),
        )

    def _exif(self, content: bytes) -> Iterator[PrivacyIssue]:
        if not content:
            return
        try:
            tags = _exif_tags(content)
        except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
            yield PrivacyIssue(
                "metadata_check_unavailable", "medium", "EXIF data could not be read", "exif"
            )
            return
        if all(tag in tags["gps"] for tag in _GPS_PLACE):
            yield _issue("gps_location", "exif", "GPSLatitude, GPSLongitude")
        for tag, value in tags["main"].items():
            text = _as_text(value)
            if not text:
                continue
            if tag in _OWNERS:
                yield _issue("owner_name", "exif", _OWNERS[tag], masked("metadata", text))
            elif tag in _SERIALS:
                yield _issue("device_serial", "exif", _SERIALS[tag], masked("serial", text))
            if tag in _TEXTS or tag in _OWNERS:
                yield from self._in_text("exif", {**_TEXTS, **_OWNERS}[tag], text)

    def _png(self, texts: Mapping[str, str]) -> Iterator[PrivacyIssue]:
        for keyword, text in texts.items():
            if keyword == _XMP_KEYWORD:
                continue
            if keyword in self._config.recipe_keywords:
                for name, prompt in _prompts(text):
                    yield from self._in_text("png_text", f"the recipe's {name}", prompt)
            else:
                yield from self._in_text("png_text", "PNG text", text)
                if keyword.lower() == "author" and text.strip():
                    yield _issue("owner_name", "png_text", "Author", masked("metadata", text))

    def _in_text(
        self, detector: str, where: str, text: str, only: str | None = None
    ) -> Iterator[PrivacyIssue]:
        for match in self._pii.find(text[: self._config.max_text_characters]):
            if match.type == _NOT_PERSONAL_HERE or (only is not None and match.type != only):
                continue
            yield _issue(match.type, detector, where, masked(match.type, match.text))


def _issue(kind: str, detector: str, where: str, text: str | None = None) -> PrivacyIssue:
    message = f"{kind.replace('_', ' ')} in the metadata ({where})"
    return PrivacyIssue(kind, SEVERITY[kind], message, detector, text=text)


def _exif_tags(content: bytes) -> dict[str, dict[int, object]]:
    exif = Image.Exif()
    exif.load(content)
    main = {**dict(exif), **exif.get_ifd(_EXIF_DIRECTORY)}
    return {"main": main, "gps": dict(exif.get_ifd(_GPS_DIRECTORY))}


def _as_text(value: object) -> str:
    """EXIF text: ASCII, UTF-16 of the XP tags, or a comment behind eight bytes of its charset."""
    if isinstance(value, tuple) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        value = bytes(value)
    if isinstance(value, bytes):
        for charset in (b"ASCII\0\0\0", b"UNICODE\0", b"\0" * 8):
            value = value.removeprefix(charset)
        utf16 = value[1::2].count(0) * 2 >= len(value) - 1 > 0
        value = value.decode("utf-16-le" if utf16 else "utf-8", errors="replace")
    return str(value).replace("\0", "").strip() if isinstance(value, str) else ""


def _prompts(text: str) -> Iterator[tuple[str, str]]:
    """The words a person wrote into our recipe, wherever they stand in its JSON object."""
    try:
        recipe = json.loads(text)
    except ValueError:
        yield "text", text
        return
    if not isinstance(recipe, dict):
        return
    parameters = recipe.get("parameters")
    for part in (recipe, parameters if isinstance(parameters, dict) else {}):
        for name in ("prompt", "negative_prompt"):
            if isinstance(part.get(name), str):
                yield name, part[name]
