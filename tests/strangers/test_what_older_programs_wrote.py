"""Where ImageMagick, GIMP, darktable, Photoshop, Picasa and Windows put what they know of people:
the whole verdict on each."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.engines.images.building import (
    chunk,
    encoded,
    iptc,
    jpeg,
    photoshop,
    picture,
    png,
    raw_profile,
    tiff,
)
from tests.engines.privacy.metadata.test_metadata_places import XMP_PLACES, packet, raw

if TYPE_CHECKING:
    from engines.types import PrivacyReport
    from tests.strangers.seeing import Judge


def place() -> bytes:
    """EXIF with latitude and longitude alone."""
    rationals = [(52, 1), (31, 1), (12, 1)], [(13, 1), (24, 1), (36, 1)]
    north, east = (b"".join(struct.pack("<LL", *each) for each in where) for where in rationals)
    rows = [
        struct.pack("<HHL", 1, 2, 2) + b"N\0\0\0",
        struct.pack("<HHLL", 2, 5, 3, 80),
        struct.pack("<HHL", 3, 2, 2) + b"E\0\0\0",
        struct.pack("<HHLL", 4, 5, 3, 104),
    ]
    gps = struct.pack("<H", len(rows)) + b"".join(rows) + b"\0" * 4
    first = struct.pack("<HHHLLL", 1, 0x8825, 4, 1, 26, 0)
    return b"II*\0" + struct.pack("<L", 8) + first + gps + north + east


EXIF = b"Exif\0\0" + place()
PLACES = {
    "ImageMagick's raw profile": png(chunk(b"tEXt", raw("exif", EXIF))),
    "GIMP's packed raw profile": png(
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile("exif", EXIF)))
    ),
    "darktable's APP1": png(chunk(b"tEXt", raw("APP1", EXIF))),
    "eXIf": png(chunk(b"eXIf", place())),
    "JPEG": jpeg((0xE1, EXIF)),
    "WebP": encoded(picture(), "WEBP", exif=EXIF),
    "Photoshop in JPEG": jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x0422, place())))),
}


def verdict(judge: Judge, content: bytes) -> tuple[set[str], bool]:
    report: PrivacyReport = judge.validator().validate(content, "k")
    return {issue.type for issue in report.issues}, report.passed


@pytest.mark.parametrize("where", PLACES)
def test_the_place_where_it_was_taken_does_not_pass(judge: Judge, where: str) -> None:
    assert verdict(judge, PLACES[where]) == ({"gps_location"}, False)


NAMES = {
    "face region of Picasa and Lightroom": (
        '<mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag><rdf:li mwg-rs:Name="Jane Doe"'
        ' mwg-rs:Type="Face"/></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>',
        "person_name",
    ),
    "people tag of Windows": (
        "<MPReg:PersonDisplayName>Jane Doe</MPReg:PersonDisplayName>",
        "person_name",
    ),
    "credit": ("<photoshop:Credit>Jane Doe</photoshop:Credit>", "owner_name"),
    "owner of the rights": (
        "<xmpRights:Owner><rdf:Bag><rdf:li>Jane Doe</rdf:li></rdf:Bag></xmpRights:Owner>",
        "owner_name",
    ),
    "rights": (
        '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Jane Doe</rdf:li></rdf:Alt></dc:rights>',
        "owner_name",
    ),
}


OTHERS = {
    "xmp:Author": ("http://ns.adobe.com/xap/1.0/", "Jane Doe", "owner_name"),
    "pdf:Author": ("http://ns.adobe.com/pdf/1.3/", "Jane Doe", "owner_name"),
    "acdsee:author": ("http://ns.acdsee.com/iptc/1.0/", "Jane Doe", "owner_name"),
    "cc:attributionName": ("http://creativecommons.org/ns#", "Jane Doe", "owner_name"),
    "own:Photographer": ("urn:own", "Jane Doe", "owner_name"),
    "expressionmedia:People": ("http://ns.microsoft.com/expressionmedia/1.0/", "J", "person_name"),
    "lr:hierarchicalSubject": ("http://ns.adobe.com/lightroom/1.0/", "People|J", "person_name"),
    "digiKam:TagsList": ("http://www.digikam.org/ns/1.0/", "Personen/J", "person_name"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_in_the_words_of_other_programs_does_not_pass(judge: Judge, name: str) -> None:
    space, text, kind = OTHERS[name]
    body = f"<{name}><rdf:Bag><rdf:li>{text}</rdf:li></rdf:Bag></{name}>"
    spaces = f'xmlns:{name.partition(":")[0]}="{space}"'
    content = XMP_PLACES["JPEG"](packet(body, spaces=spaces))
    assert verdict(judge, content) == ({kind}, False)


@pytest.mark.parametrize(
    "body",
    [
        "<own:CreatorTool>GIMP 2.10</own:CreatorTool>",
        "<own:tags>Peoples of the north|Sami</own:tags>",
        "<own:tags>Places|Harbor</own:tags>",
        "<own:Rating>5</own:Rating>",
    ],
)
def test_tools_and_other_tags_are_nobody(judge: Judge, body: str) -> None:
    content = XMP_PLACES["JPEG"](packet(body, spaces='xmlns:own="urn:own"'))
    assert verdict(judge, content) == (set(), True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_xmp_of_any_encoding_is_read_and_not_damaged(judge: Judge, encoding: str) -> None:
    text = packet("<photoshop:Credit>Jänë Doe</photoshop:Credit>").decode().replace("\ufeff", "")
    content = XMP_PLACES["JPEG"](text.encode(encoding))
    assert verdict(judge, content) == ({"owner_name"}, False)


@pytest.mark.parametrize("container", XMP_PLACES)
@pytest.mark.parametrize("who", NAMES)
def test_a_name_in_xmp_does_not_pass(judge: Judge, who: str, container: str) -> None:
    body, kind = NAMES[who]
    found, passed = verdict(judge, XMP_PLACES[container](packet(body)))
    assert (found, passed) == ({kind}, False)


@pytest.mark.parametrize("number", [80, 110, 115, 116, 122])
def test_a_name_in_iptc_does_not_pass(judge: Judge, number: int) -> None:
    resources = photoshop((0x0404, iptc((2, number, b"Jane Doe"))))
    content = jpeg((0xED, b"Photoshop 3.0\0" + resources))
    assert verdict(judge, content) == ({"owner_name"}, False)


@pytest.mark.parametrize("root", ["x:xmpmeta", "x:xapmeta", ""])
@pytest.mark.parametrize("container", XMP_PLACES)
def test_the_place_in_xmp_is_found_whatever_wraps_it(
    judge: Judge, container: str, root: str
) -> None:
    body = "<exif:GPSLatitude>52,31.2N</exif:GPSLatitude>"
    content = XMP_PLACES[container](packet(body, root))
    assert verdict(judge, content) == ({"gps_location"}, False)


TEXTS = {
    "phone": "call Jane on +1 415 555 2671",
    "iban": "DE89 3704 0044 0532 0130 00",
    "email": "jane.doe@example.com",
    "credit_card": "4111 1111 1111 1111",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_description_says_the_same_wherever_it_stands(judge: Judge, kind: str) -> None:
    text = TEXTS[kind]
    listed = f'<rdf:Alt><rdf:li xml:lang="en">{text}</rdf:li></rdf:Alt>'
    xmp = packet(f"<dc:description>{listed}</dc:description>")
    resources = photoshop((0x0404, iptc((2, 120, text.encode()))))
    written = {
        "XMP": jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)),
        "EXIF": jpeg((0xE1, b"Exif\0\0" + tiff((0x010E, 2, text.encode() + b"\0")))),
        "IPTC": jpeg((0xED, b"Photoshop 3.0\0" + resources)),
        "PNG text": png(chunk(b"tEXt", b"Description\0" + text.encode())),
        "PNG international text": png(chunk(b"iTXt", b"Description\0\0\0\0\0" + text.encode())),
        "JPEG comment": jpeg((0xFE, text.encode())),
        "GIF comment": encoded(picture(), "GIF", comment=text.encode()),
    }
    assert {where: verdict(judge, content) for where, content in written.items()} == {
        where: ({kind}, False) for where in written
    }
