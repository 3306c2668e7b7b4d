"""Lines put together to one text, and what counts as text."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from engines.privacy.config import TextConfig
from engines.privacy.model import PiiMatch, TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.text import document_of, is_text


def region(text: str, x: int, y: int, width: int, confidence: float = 0.9) -> TextRegion:
    return TextRegion((x, y, width, 20), text, confidence, 20.0)


def test_rows_are_read_left_to_right_and_top_to_bottom() -> None:
    document = document_of(
        [region("right", 200, 12, 60), region("left", 10, 10, 60), region("below", 10, 60, 60)]
    )
    assert document.text == "left right\nbelow"


def found_in(doubles: Any, *regions: TextRegion) -> list[tuple[str, str]]:
    """Type and masked text of what a validator finds in a picture with these lines."""
    validator = doubles.validator(reader=doubles.reader(regions))
    out = io.BytesIO()
    Image.new("RGB", (600, 200), "white").save(out, "PNG")
    issues = validator.validate(out.getvalue(), "k").issues
    return [(issue.type, issue.text) for issue in issues if issue.type != "names_not_checked"]


def test_an_address_cut_in_two_is_one_again(doubles: Any) -> None:
    cut = region("jane.doe@exam", 10, 10, 130), region("ple.com", 141, 10, 70)
    assert found_in(doubles, *cut) == [("email", "j***@e***.com")]


def test_a_name_in_large_letters_whose_words_are_detected_one_by_one(doubles: Any) -> None:
    """The detector's boxes are larger than the words, so that they overlap."""
    words = region("Mr", 18, 10, 36), region("John", 46, 10, 60), region("Smithers", 98, 10, 90)
    assert ("name", "J*** S***") in found_in(doubles, *words)


def test_a_letter_that_two_boxes_contain_is_read_once() -> None:
    document = document_of([region("Mr", 10, 10, 40), region("r John", 40, 10, 80)])
    assert document.text == "Mr John"
    assert document_of([region("Mr", 10, 10, 40), region("r John", 60, 10, 80)]).text == "Mr r John"
    trailing = document_of([region("Carmen E", 10, 10, 90), region("Etxeberria", 85, 10, 90)])
    assert trailing.text == "Carmen Etxeberria"


def test_words_and_their_joined_form_have_the_same_positions() -> None:
    document = document_of([region("exam", 10, 10, 40), region("ple", 50, 10, 30)])
    assert document.text == "exam ple"
    assert document.tight == "exam\u200bple"


def test_match_over_two_regions_has_a_box_round_both() -> None:
    document = document_of([region("4111 1111", 10, 10, 80), region("1111 1111", 100, 12, 80)])
    (match,) = PatternPii(()).find(document.text)
    assert match.type == "credit_card"
    assert document.box_of(match) == (10, 10, 170, 22)


def test_confidence_is_the_weakest_reading_times_the_pattern() -> None:
    document = document_of([region("a", 10, 10, 80, 0.9), region("b", 100, 10, 80, 0.6)])
    match = PiiMatch("email", 0, 3, "a b", confidence=0.5)
    assert document.confidence_of(match) == pytest.approx(0.3)


def test_nothing_read_is_an_empty_document() -> None:
    assert document_of([]).text == ""


@pytest.mark.parametrize(
    ("text", "confidence", "height", "counts"),
    [
        ("EXIT", 0.71, 20.0, True),
        ("EXIT", 0.69, 20.0, False),
        ("42", 0.81, 20.0, True),
        ("42", 0.79, 20.0, False),
        ("8", 0.99, 20.0, False),
        ("0000", 0.99, 20.0, False),
        ("--..--", 0.99, 20.0, False),
        ("EXIT", 0.99, 5.0, False),
    ],
)
def test_what_counts_as_text(text: str, confidence: float, height: float, counts: bool) -> None:
    line = TextRegion((0, 0, 50, 20), text, confidence, height)
    assert is_text(line, TextConfig()) is counts


def test_region_does_not_show_its_text_in_repr() -> None:
    assert "secret" not in repr(region("secret", 0, 0, 10))
    assert "secret" not in repr(document_of([region("secret", 0, 0, 10)]))
