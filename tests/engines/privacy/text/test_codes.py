"""Codes on badges, tickets and cards hold what is printed beside them, and count as much."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from engines.privacy.model import TextRegion
from engines.privacy.text.allowance import ReadingAllowance
from engines.privacy.text.codes import ReaderWithCodes, read_codes
from engines.privacy.text.document import document_of
from engines.privacy.text.payloads import in_words
from engines.types import PrivacyReport

CARD = (
    "BEGIN:VCARD\nVERSION:3.0\nN:Holroyd;Bethany;;;\nTEL;TYPE=CELL:+4915123456789\n"
    "EMAIL:b.holroyd@example.org\nADR;TYPE=HOME:;;Lindenstr. 5;Berlin;;10969;Germany\nEND:VCARD"
)
LICENSE = (
    "@\n\x1e\rANSI 636000080002DL00410278ZV03190008DLDAQT64235789\nDCSSAMPLE\nDACMICHAEL\n"
    "DBB06061986\nDAG2300 WEST BROAD STREET\n"
)
BOARDING_PASS = "M1HOLROYD/BETHANY     EABC123 FRAJFKLH 0400 326J001A0025 100"


def page_with(content: str, form: str = "QRCode", scale: int = 3) -> Any:
    """A light page with a code 60 px from its left edge and 50 px from its upper edge."""
    drawn = zxingcpp.create_barcode(content, getattr(zxingcpp.BarcodeFormat, form))
    code = np.asarray(drawn.to_image(scale=scale))
    page = np.full((520, 760, 3), 235, np.uint8)
    page[50 : 50 + code.shape[0], 60 : 60 + code.shape[1]] = code[..., None]
    return page


def judged(doubles: Any, page: Any) -> PrivacyReport:
    out = io.BytesIO()
    Image.fromarray(page).save(out, "PNG")
    validator = doubles.validator(reader=ReaderWithCodes(doubles.reader()))
    report: PrivacyReport = validator.validate(out.getvalue(), "k")
    return report


@pytest.mark.parametrize(
    ("form", "content", "expected"),
    [
        ("QRCode", CARD, {"name", "phone", "email", "address"}),
        ("DataMatrix", CARD, {"name", "phone", "email", "address"}),
        ("QRCode", "MECARD:N:Holroyd,Bethany;TEL:+4915123456789;;", {"name", "phone"}),
        ("QRCode", r"WIFI:T:WPA;S:Home;P:gr8-pass\;word7;;", {"credential"}),
        ("QRCode", "otpauth://totp/Acme?secret=JBSWY3DPEHPK3PXP", {"credential"}),
        ("QRCode", "geo:52.51630,13.37770", {"gps_location"}),
        ("QRCode", "BCD\n002\n1\nSCT\n\nOwner\nDE89370400440532013000\nEUR12", {"iban"}),
        ("PDF417", LICENSE, {"name", "date_of_birth", "passport"}),
        ("Aztec", BOARDING_PASS, {"name"}),
    ],
)
def test_personal_data_in_a_code_are_personal_data(
    doubles: Any, form: str, content: str, expected: set[str]
) -> None:
    report = judged(doubles, page_with(content, form))
    assert {issue.type for issue in report.issues} == expected
    assert not report.passed
    for issue in report.issues:
        assert "machine-readable code" in issue.message
        assert issue.box is not None
        assert (issue.box[0] >= 55, issue.box[1] >= 45) == (True, True)


@pytest.mark.parametrize("content", ["https://example.org/menu", "SN 4711-AB-0099"])
def test_a_menu_or_a_serial_number_is_told_and_passes(doubles: Any, content: str) -> None:
    report = judged(doubles, page_with(content))
    assert report.passed
    assert report.text_detected
    assert "machine-readable code" in report.issues[0].message


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_code_is_read_however_it_lies_and_how_pale_it_is(turns: int) -> None:
    page = np.ascontiguousarray(np.rot90(page_with(CARD), turns))
    pale = (200 + page.astype(np.float32) * 0.1).astype(np.uint8)
    for shown in (page, 255 - page, pale):
        (region,) = read_codes(shown)
        assert "b.holroyd@example.org" in region.text


def test_in_a_huge_picture_the_box_is_in_its_own_pixels() -> None:
    page = np.full((1000, 8000, 3), 255, np.uint8)
    page[:520, 7000:7760] = page_with("SN 4711-AB-0099", scale=8)
    (region,) = read_codes(page)
    x, y, width, height = region.box
    assert 7050 <= x <= 7110
    assert 40 <= y <= 110
    assert 80 <= width <= 240
    assert 80 <= height <= 240


def test_after_anonymizing_no_code_can_be_read(doubles: Any) -> None:
    out = io.BytesIO()
    Image.fromarray(page_with(CARD)).save(out, "PNG")
    validator = doubles.validator(reader=ReaderWithCodes(doubles.reader()))
    copy = validator.anonymize(out.getvalue(), "k", "blur")
    assert read_codes(np.asarray(Image.open(io.BytesIO(copy)).convert("RGB"))) == ()


def test_photographs_have_no_codes(photos: Any) -> None:
    for name in ("astronaut.png", "coffee.png", "chelsea.png"):
        assert read_codes(photos.pixels(name)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 3), (16, 4096)])
def test_a_picture_of_any_shape_is_searched(shape: tuple[int, int]) -> None:
    assert read_codes(np.zeros((*shape, 3), np.uint8)) == ()


def test_a_page_full_of_codes_is_not_searched_without_end() -> None:
    one = page_with("x" * 2300, scale=2)[50:420, 60:430]
    wall = np.tile(one, (3, 4, 1))
    regions = read_codes(np.ascontiguousarray(wall))
    assert len(regions) == 12
    assert sum(len(region.text) for region in regions) <= 20_000
    assert any(region.is_left_out for region in regions)


def test_where_no_work_is_left_a_picture_is_told_as_unread(doubles: Any) -> None:
    allowance = ReadingAllowance(1)
    allowance.spend(60)
    (region,) = ReaderWithCodes(doubles.reader()).read(page_with(CARD), allowance)
    assert region.is_left_out
    assert region.box == (0, 0, 760, 520)


def test_an_ordinary_search_costs_no_work(doubles: Any) -> None:
    allowance = ReadingAllowance(1)
    ReaderWithCodes(doubles.reader()).read(page_with(CARD), allowance)
    assert not allowance.is_spent


def test_a_code_beside_a_line_is_no_word_of_it(doubles: Any) -> None:
    (code,) = read_codes(page_with("Smith"))
    beside = TextRegion((20, code.box[1], 30, code.box[3]), "Dr.", 0.99)
    read = ReaderWithCodes(doubles.reader((beside,))).read(page_with("Smith"))
    assert document_of(read).text == "Dr.\nSmith"


@pytest.mark.parametrize("payload", ["", "WIFI:", "MECARD:;;;", "@\n\x1e\rANSI ", "M1A/B"])
def test_a_broken_payload_is_kept_as_it_is(payload: str) -> None:
    assert payload in in_words(payload)
