"""Converts XMP packets to statements, with an XML parser that refuses entities and DTDs.

Format: ISO 16684-1. A property is an element or an attribute; its value may be in `rdf:Alt`,
`rdf:Bag` or `rdf:Seq`. Names of people in image regions are defined by the Metadata Working Group
and by Microsoft Photo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from engines.privacy.metadata.statement import OWNER_WORDS, Search, Statement

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl

_PREFIXES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://www.dji.com/drone-dji/1.0/": "drone-dji",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "adobe:ns:meta/": "x",
}
_TELLS = {
    **dict.fromkeys(
        (
            "exif:GPSLatitude",
            "exif:GPSDestLatitude",
            "drone-dji:GpsLatitude",
            "drone-dji:Latitude",
            "Iptc4xmpCore:Location",
            "Iptc4xmpExt:City",
            "Iptc4xmpExt:Sublocation",
            "photoshop:City",
        ),
        "gps_location",
    ),
    **dict.fromkeys(
        (
            "aux:OwnerName",
            "exifEX:CameraOwnerName",
            "exifEX:Photographer",
            "exifEX:ImageEditor",
            "dc:creator",
            "dc:contributor",
            "dc:rights",
            "tiff:Artist",
            "tiff:Copyright",
            "photoshop:Credit",
            "photoshop:CaptionWriter",
            "xmpRights:Owner",
            "Iptc4xmpCore:CreatorContactInfo",
            "plus:CopyrightOwnerName",
            "plus:ImageCreatorName",
            "plus:ImageSupplierName",
            "plus:LicensorName",
        ),
        "owner_name",
    ),
    **dict.fromkeys(
        (
            "Iptc4xmpExt:PersonInImage",
            "Iptc4xmpExt:PersonName",
            "mwg-rs:Name",
            "MPReg:PersonDisplayName",
        ),
        "person_name",
    ),
    **dict.fromkeys(
        (
            "aux:SerialNumber",
            "aux:LensSerialNumber",
            "exifEX:BodySerialNumber",
            "exifEX:LensSerialNumber",
        ),
        "device_serial",
    ),
}
# Namespaces of dates, ids and settings, which look like phone and card numbers.
_MACHINE = frozenset(
    {"exif", "exifEX", "aux", "tiff", "xmp", "xmpMM", "stEvt", "stRef", "crs", "x", "rdf", "?"}
)
_HUMAN = frozenset(
    {
        "exif:UserComment",
        "tiff:ImageDescription",
        "tiff:Artist",
        "tiff:Copyright",
        "exifEX:CameraOwnerName",
        "aux:OwnerName",
        "xmp:Label",
        "xmp:Nickname",
    }
)
# Tags that photo managers write: "People/Jane Doe" (digiKam), "People|Jane Doe" (Lightroom).
_PEOPLE_TAG = re.compile(
    r"(?:people|persons?|faces?|family|friends|personen|menschen|familie|personnes|personas"
    r"|persone|osoby)\s?[|/\\]\s?\S",
    re.IGNORECASE,
)
_PEOPLE = "people"  # a property of this name in any namespace, such as expression:People
_TRANSPARENT = frozenset({"rdf", "x", "xml"})  # elements that contain values; not properties
_WIDE = {b"\xfe\xff": "utf-16", b"\xff\xfe": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_CONTAINERS = {"Iptc4xmpCore:Ci": "Iptc4xmpCore:CreatorContactInfo"}


def xmp_statements(packet: bytes) -> Iterator[Statement | None]:
    """Yield a statement for every value and its property, in order. If the packet is not
    well-formed XML, the values before the error are yielded, and then None."""
    handler = _Properties()
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    whole = True
    try:
        # All at once, because old versions of expat are very slow with a long token in pieces.
        parser.feed(_document(packet))
        parser.close()
    except (SAXException, DefusedXmlException, ValueError, LookupError):
        whole = False
    handler.flush()
    for name, text in handler.values:
        yield _statement(name, text)
    if not whole:
        yield None


def _document(packet: bytes) -> bytes:
    """The packet without padding at its ends, in UTF-8."""
    wide = next((code for start, code in _WIDE.items() if packet.startswith(start)), None)
    if wide is not None:
        packet = packet.decode(wide, "replace").encode()
    packet = packet.strip(b"\0 \t\r\n").removeprefix(b"\xef\xbb\xbf")
    return packet[: packet.rfind(b">") + 1]


def _statement(name: str, text: str) -> Statement:
    prefix = name.partition(":")[0]
    search: Search = "email" if prefix in _MACHINE and name not in _HUMAN else "all"
    return Statement("xmp", name, text, _TELLS.get(name) or _tells(name, text), search)


def _tells(name: str, text: str) -> str | None:
    """The issue type of a property that is not in `_TELLS`, by its local name or its text."""
    local = name.rpartition(":")[2].lower()
    if local in OWNER_WORDS:
        return "owner_name"
    return "person_name" if local == _PEOPLE or _PEOPLE_TAG.match(text) else None


class _Properties(ContentHandler):
    """Collects (property, text) pairs, in linear time."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self._prefixes: dict[str, str] = {}
        self._open: list[str] = ["?:document"]
        self._pieces: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        self.flush()
        for attribute, value in attrs.items():
            if attribute.startswith("xmlns"):
                self._prefixes[attribute[6:]] = _PREFIXES.get(value, "?")
        own = self._canonical(name)
        self._open.append(self._open[-1] if own.partition(":")[0] in _TRANSPARENT else own)
        for attribute, value in attrs.items():
            property_ = self._canonical(attribute)
            if not attribute.startswith("xmlns") and value.strip():
                if property_.partition(":")[0] in _TRANSPARENT:
                    property_ = self._open[-1] if property_ == "rdf:value" else "rdf:attribute"
                self.values.append((_gathered(property_), value.strip()))

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        self.flush()
        self._open.pop()

    def characters(self, content: str) -> None:
        self._pieces.append(content)

    def flush(self) -> None:
        """Store the text since the last tag as one value."""
        text = "".join(self._pieces).strip()
        self._pieces.clear()
        if text:
            self.values.append((_gathered(self._open[-1]), text))

    def _canonical(self, name: str) -> str:
        """The name with the usual prefix of its namespace. A prefix without a declaration is kept
        as it is."""
        prefix, colon, local = name.partition(":")
        if not colon:
            return f"{self._prefixes.get('', '?')}:{name}"
        return f"{self._prefixes.get(prefix, prefix)}:{local}"


def _gathered(name: str) -> str:
    """The property that `name` is a part of (for the parts of a creator's contact), or `name`."""
    for start, whole in _CONTAINERS.items():
        if name.startswith(start):
            return whole
    return name
