"""Places, owners and serial numbers in EXIF, XMP and PNG text; our own recipe."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from engines.images import ImageLimits, decode
from engines.privacy.config import MetadataConfig
from engines.privacy.metadata.reading import MetadataReader
from engines.privacy.pii import PatternPii
from engines.types import PrivacyIssue

PIXELS = np.full((64, 64, 3), 90, dtype=np.uint8)


def read(content: bytes, config: MetadataConfig | None = None) -> tuple[PrivacyIssue, ...]:
    reader = MetadataReader(config or MetadataConfig(), PatternPii(("US",)))
    return reader.read(decode(content, ImageLimits()).metadata)


def jpeg(exif: Image.Exif | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    if exif is not None:
        options["exif"] = exif
    Image.fromarray(PIXELS).save(out, "JPEG", **options)
    return out.getvalue()


def png(**texts: str) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        chunks.add_itxt(keyword.replace("__", "."), text)
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def types(issues: tuple[PrivacyIssue, ...]) -> set[str]:
    return {issue.type for issue in issues}


def exif_with(tag: int, value: Any, directory: int | None = None) -> Image.Exif:
    exif = Image.Exif()
    if directory is None:
        exif[tag] = value
    else:
        exif.get_ifd(directory)[tag] = value
    return exif


def test_gps_is_a_place() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    (issue,) = read(jpeg(exif))
    assert (issue.type, issue.severity, issue.detector) == ("gps_location", "high", "exif")
    assert "52" not in issue.message


def test_gps_without_a_place_is_none() -> None:
    assert read(jpeg(exif_with(29, "2024:11:23", 0x8825))) == ()


@pytest.mark.parametrize(
    ("tag", "directory", "kind"),
    [
        (0x013B, None, "owner_name"),
        (0xA430, 0x8769, "owner_name"),
        (0xA431, 0x8769, "device_serial"),
        (0xA435, 0x8769, "device_serial"),
    ],
)
def test_names_and_serials_are_masked(tag: int, directory: int | None, kind: str) -> None:
    (issue,) = read(jpeg(exif_with(tag, "Jane Doe 12345678", directory)))
    assert issue.type == kind
    assert "Jane" not in str(issue)
    assert "12345678" not in str(issue)


def test_windows_author_is_utf16() -> None:
    issues = read(jpeg(exif_with(0x9C9D, "Jane Doe\0".encode("utf-16-le"))))
    assert types(issues) == {"owner_name"}
    assert issues[0].text == "J*** D***"


def test_comment_is_searched_behind_its_charset() -> None:
    comment = b"ASCII\0\0\0write to jane.doe@example.com"
    assert types(read(jpeg(exif_with(0x9286, comment, 0x8769)))) == {"email"}


def test_camera_make_and_orientation_tell_nobody() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon", "EOS 5D", 6
    assert read(jpeg(exif)) == ()


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
<rdf:Description aux:SerialNumber="0123456" exif:GPSLatitude="52,31.2N">
<dc:creator><rdf:Seq><rdf:li>Jane Doe</rdf:li></rdf:Seq></dc:creator>
<dc:description>mail jane.doe@example.com http://ns.adobe.com/x</dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_xmp_is_read_in_jpeg_and_in_png() -> None:
    expected = {"gps_location", "owner_name", "device_serial", "email"}
    assert types(read(jpeg(xmp=XMP))) == expected
    assert types(read(png(**{"XML:com__adobe__xmp": XMP.decode()}))) == expected


def test_empty_xmp_property_is_none() -> None:
    empty = b'<x:xmpmeta aux:OwnerName=" "><dc:creator> </dc:creator></x:xmpmeta>'
    assert read(jpeg(xmp=empty)) == ()


def test_png_text_is_searched_and_author_is_an_owner() -> None:
    assert types(read(png(Comment="call +1 415 555 2671"))) == {"phone"}
    assert types(read(png(Author="Jane Doe"))) == {"owner_name"}
    assert read(png(Software="Paint 3.1.4.1 http://example.com/x")) == ()


@pytest.mark.parametrize("keyword", ["inferloop_recipe", "inferloop__recipe"])
def test_of_our_recipe_only_the_prompts_are_searched(keyword: str) -> None:
    recipe = {"image_id": "jane.doe@example.com", "prompt": "a cat", "negative_prompt": None}
    assert read(png(**{keyword: json.dumps(recipe)})) == ()
    recipe["prompt"] = "a card for jane.doe@example.com"
    (issue,) = read(png(**{keyword: json.dumps(recipe)}))
    assert (issue.type, issue.text) == ("email", "j***@e***.com")
    assert "recipe's prompt" in issue.message
    parameters = {"parameters": {"negative_prompt": "+1 415 555 2671"}}
    assert types(read(png(**{keyword: json.dumps(parameters)}))) == {"phone"}


def test_recipe_that_is_no_json_is_searched_whole() -> None:
    assert types(read(png(inferloop_recipe="jane.doe@example.com {"))) == {"email"}


def test_switched_off_reads_nothing() -> None:
    content = png(Comment="jane.doe@example.com")
    assert read(content, MetadataConfig(enabled=False)) == ()


def test_hidden_characters_hide_no_personal_data() -> None:
    issues = read(
        png(Comment="call +44 79\u200b11 12\u200b3456 or write to jane\u2060.doe@example.com")
    )
    assert types(issues) >= {"phone", "email"}
    recipe = json.dumps({"prompt": "a card for jane.\u200bdoe@example.com", "seed": 1})
    assert "email" in types(read(png(inferloop=recipe)))


@pytest.mark.parametrize("before", [3_600, 4_000, 15_500, 16_000, 29_000])
def test_a_long_token_is_found_wherever_it_lies_in_a_long_text(before: int) -> None:
    """Long texts are searched in pieces. This token is longer than most of them repeat."""
    token = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJ" + "aB3d" * 220, "s1G" + "xY9z" * 20])
    text = "word " * (before // 5) + f"token: {token} " + "word " * 2_000
    assert "credential" in types(read(png(Comment=text)))
