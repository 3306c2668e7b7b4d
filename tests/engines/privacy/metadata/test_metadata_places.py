"""The same metadata in every place where programs have put them: found in each."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest

from engines.images import ImageLimits, decode
from engines.privacy.config import MetadataConfig
from engines.privacy.metadata import MetadataReader
from engines.privacy.pii import PatternPii
from engines.types import PrivacyIssue
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

XMP = b"http://ns.adobe.com/xap/1.0/\0"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
EXIF = tiff((0x013B, 2, b"Jane Doe\0"), (0x010E, 2, b"mail jane.doe@example.com\0"))
IPTC = iptc((2, 80, b"Jane Doe"), (2, 120, b"mail jane.doe@example.com"))
SPACES = {
    "exif": "http://ns.adobe.com/exif/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
}


def read(content: bytes) -> tuple[PrivacyIssue, ...]:
    reader = MetadataReader(MetadataConfig(), PatternPii(("US",)))
    return reader.read(decode(content, ImageLimits()).metadata)


def types(content: bytes) -> set[str]:
    return {issue.type for issue in read(content)}


def packet(body: str, root: str = "x:xmpmeta", spaces: str = "") -> bytes:
    names = spaces or " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    inner = f"<rdf:RDF {RDF}><rdf:Description {names}>{body}</rdf:Description></rdf:RDF>"
    whole = f'<{root} xmlns:x="adobe:ns:meta/">{inner}</{root}>' if root else inner
    return f'<?xpacket begin="\ufeff" id="W5M0"?>{whole}<?xpacket end="w"?>'.encode()


def raw(kind: str, body: bytes) -> bytes:
    return f"Raw profile type {kind}".encode() + b"\0" + raw_profile(kind, body)


EXIF_PLACES: dict[str, bytes] = {
    "PNG eXIf": png(chunk(b"eXIf", EXIF)),
    "PNG raw profile exif": png(chunk(b"tEXt", raw("exif", b"Exif\0\0" + EXIF))),
    "PNG raw profile APP1": png(chunk(b"tEXt", raw("APP1", b"Exif\0\0" + EXIF))),
    "PNG raw profile without signature": png(chunk(b"tEXt", raw("exif", EXIF))),
    "JPEG": jpeg((0xE1, b"Exif\0\0" + EXIF)),
    "JPEG in two segments": jpeg((0xE1, b"Exif\0\0" + EXIF[:60]), (0xE1, b"Exif\0\0" + EXIF[60:])),
    "JPEG Photoshop": jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x0422, EXIF)))),
    "WebP": encoded(picture(), "WEBP", exif=b"Exif\0\0" + EXIF),
    "TIFF": encoded(picture(), "TIFF", tiffinfo={315: "Jane Doe", 270: "jane.doe@example.com"}),
}
packed_profile = b"Raw profile type exif\0\0" + zlib.compress(
    raw_profile("exif", b"Exif\0\0" + EXIF)
)
EXIF_PLACES["PNG packed raw profile"] = png(chunk(b"zTXt", packed_profile))
resources = photoshop((0x03ED, b"\0" * 16), (0x0404, IPTC), (0x0425, b"x" * 15))
IPTC_PLACES: dict[str, bytes] = {
    "JPEG Photoshop": jpeg((0xED, b"Photoshop 3.0\0" + resources)),
    "JPEG Photoshop in two segments": jpeg(
        (0xED, b"Photoshop 3.0\0" + resources[:50]), (0xED, b"Photoshop 3.0\0" + resources[50:])
    ),
    "PNG raw profile iptc": png(chunk(b"tEXt", raw("iptc", resources))),
    "PNG raw profile 8bim": png(chunk(b"tEXt", raw("8bim", resources))),
    "PNG raw profile of plain IPTC": png(chunk(b"tEXt", raw("iptc", IPTC))),
    "TIFF tag": encoded(picture(), "TIFF", tiffinfo={33723: IPTC}),
    "TIFF Photoshop": encoded(picture(), "TIFF", tiffinfo={34377: resources}),
}


@pytest.mark.parametrize("place", EXIF_PLACES)
def test_exif_is_found_wherever_it_lies(place: str) -> None:
    assert types(EXIF_PLACES[place]) == {"owner_name", "email"}


@pytest.mark.parametrize("place", IPTC_PLACES)
def test_iptc_is_found_wherever_it_lies(place: str) -> None:
    issues = read(IPTC_PLACES[place])
    assert {issue.type for issue in issues} == {"owner_name", "email"}
    assert "Jane" not in str(issues)


def in_jpeg(body: bytes) -> bytes:
    return jpeg((0xE1, XMP + body))


def in_gif(body: bytes) -> bytes:
    gif = encoded(picture(), "GIF")
    trailer = bytes([1, *range(255, -1, -1), 0])
    at = gif.index(b"\x2c", 13 + 3 * 2 ** ((gif[10] & 7) + 1))
    return gif[:at] + b"\x21\xff\x0bXMP DataXMP" + body + trailer + gif[at:]


XMP_PLACES: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": in_jpeg,
    "JPEG extended": lambda body: jpeg(
        (
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">LL", 9, 0) + body,
        )
    ),
    "JPEG Photoshop": lambda body: jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x0424, body)))),
    "PNG": lambda body: png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + body)),
    "PNG packed": lambda body: png(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(body))
    ),
    "PNG raw profile": lambda body: png(chunk(b"tEXt", raw("xmp", body))),
    "WebP": lambda body: encoded(picture(), "WEBP", xmp=body),
    "TIFF": lambda body: encoded(picture(), "TIFF", tiffinfo={700: body}),
    "GIF": in_gif,
}
CREDIT = packet("<photoshop:Credit>Jane Doe</photoshop:Credit>")


@pytest.mark.parametrize("place", XMP_PLACES)
def test_xmp_is_found_wherever_it_lies(place: str) -> None:
    assert types(XMP_PLACES[place](CREDIT)) == {"owner_name"}


@pytest.mark.parametrize("root", ["x:xmpmeta", "x:xapmeta", ""])
def test_a_place_in_xmp_is_found_whatever_wraps_it(root: str) -> None:
    assert types(in_jpeg(packet("<exif:GPSLatitude>52,31.2N</exif:GPSLatitude>", root))) == {
        "gps_location"
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<photoshop:Credit>Jane Doe</photoshop:Credit>", "owner_name"),
        ("<xmpRights:Owner><rdf:Bag><rdf:li>J</rdf:li></rdf:Bag></xmpRights:Owner>", "owner_name"),
        (
            '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Jane</rdf:li></rdf:Alt></dc:rights>',
            "owner_name",
        ),
        ('<rdf:Description photoshop:Credit="Jane Doe"/>', "owner_name"),
        (
            '<mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="J"'
            ' mwg-rs:Type="Face"/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>',
            "person_name",
        ),
        ("<mwg-rs:Name>Jane</mwg-rs:Name>", "person_name"),
        ('<rdf:li MPReg:PersonDisplayName="Jane Doe"/>', "person_name"),
        ("<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>J</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>",
         "person_name"),
        ("<aux:SerialNumber>0123</aux:SerialNumber>", "device_serial"),
        ("<dc:description>call +1 415 555 2671</dc:description>", "phone"),
        ("<dc:description>DE89 3704 0044 0532 0130 00</dc:description>", "iban"),
        ("<dc:title><![CDATA[jane.doe@example.com]]></dc:title>", "email"),
        ("<dc:title>jane.doe&#64;example.com</dc:title>", "email"),
        ("<!-- x --><photoshop:Headline>jane.doe@<b/>example.com jane.doe@example.com"
         "</photoshop:Headline>", "email"),
    ],
)  # fmt: skip
def test_what_xmp_says_of_people_is_found(body: str, kind: str) -> None:
    assert types(in_jpeg(packet(body))) == {kind}


def test_another_prefix_for_the_same_namespace_changes_nothing() -> None:
    spaces = f'xmlns:a="{SPACES["photoshop"]}" xmlns:exif="urn:other"'
    body = "<a:Credit>Jane Doe</a:Credit><exif:GPSLatitude>no place</exif:GPSLatitude>"
    assert types(in_jpeg(packet(body, spaces=spaces))) == {"owner_name"}


def test_ids_and_dates_of_xmp_are_no_phones() -> None:
    body = (
        "<xmpMM:InstanceID>xmp.iid:4155552671-4111111111111111</xmpMM:InstanceID>"
        "<exif:DateTimeOriginal>2024-01-02T10:11:12</exif:DateTimeOriginal>"
    )
    assert types(in_jpeg(packet(body))) == set()


def test_empty_properties_say_nothing() -> None:
    body = '<dc:creator><rdf:li> </rdf:li></dc:creator><rdf:li aux:SerialNumber=""/>'
    assert types(in_jpeg(packet(body))) == set()


@pytest.mark.parametrize(
    "content",
    [
        jpeg((0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")),
        jpeg((0xE1, b"Exif\0\0" + EXIF[:30])),
        png(chunk(b"eXIf", b"MM\0*\0\0")),
        png(chunk(b"eXIf", EXIF[:-20])),
        png(chunk(b"zTXt", b"Comment\0\0not zlib at all")),
        png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"hello " * 500)[:-9])),
        png(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 4\nzz")),
        in_jpeg(packet("<dc:title>open")[:-40]),
        in_jpeg(b"<a b='1' <"),
        jpeg((0xED, b"Photoshop 3.0\0" + resources[:40])),
        jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x0404, IPTC[:-4])))),
    ],
)
def test_damaged_metadata_are_said_and_refuse_no_pixels(content: bytes) -> None:
    assert "metadata_damaged" in types(content)
    assert decode(content, ImageLimits()).pixels.ndim == 3


def test_what_stands_before_the_damage_is_still_found() -> None:
    cut = packet("<dc:title>jane.doe@example.com</dc:title><dc:title>x")[:-60]
    assert types(in_jpeg(cut)) == {"email", "metadata_damaged"}


def test_comments_are_searched() -> None:
    assert types(jpeg((0xFE, b"call +1 415 555 2671"))) == {"phone"}
    gif = encoded(picture(), "GIF", comment=b"jane.doe@example.com")
    assert types(gif) == {"email"}


def test_the_same_finding_in_two_places_of_one_kind_is_said_once() -> None:
    twice = png(chunk(b"eXIf", EXIF), chunk(b"tEXt", raw("exif", b"Exif\0\0" + EXIF)))
    issues = read(twice)
    assert len(issues) == len({issue.type for issue in issues}) == 2
