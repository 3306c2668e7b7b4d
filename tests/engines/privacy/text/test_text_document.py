"""Lines put together to one text, and what counts as text."""

from __future__ import annotations

import pytest

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


def test_word_cut_in_two_is_one_again() -> None:
    document = document_of([region("jane.doe@exam", 10, 10, 130), region("ple.com", 141, 10, 70)])
    assert document.text == "jane.doe@example.com"


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
