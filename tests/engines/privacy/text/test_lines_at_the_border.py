"""Lines exactly at a threshold, in scripts without words, and texts whose places are counted."""

from __future__ import annotations

import pytest

from engines.privacy.config import TextConfig
from engines.privacy.model import PiiMatch, TextRegion
from engines.privacy.text import document_of, is_text, is_unread
from engines.privacy.text.document import union

CONFIG = TextConfig()
LONG_SIDE_PX = 1000


def line(
    text: str, confidence: float = 0.9, height_px: float = 20.0, length_px: float = 200.0
) -> TextRegion:
    return TextRegion((0, 0, 200, 20), text, confidence, height_px, length_px)


@pytest.mark.parametrize(
    ("region", "counts"),
    [
        (line("abc", 0.7), True),
        (line("abc", 0.6999), False),
        (line("ab", 0.8), True),
        (line("ab", 0.7999), False),
        (line("abc", height_px=6.0), True),
        (line("abc", height_px=5.9), False),
        (line("a-b-c", 0.7), True),
        (line("a - b", 0.7), False),
    ],
)
def test_a_reading_at_the_threshold_is_text(region: TextRegion, counts: bool) -> None:
    assert is_text(region, CONFIG) is counts


@pytest.mark.parametrize("text", ["出口", "출구", "مخرج", "יציאה", "ทางออก", "Выход", "έξοδος"])
def test_letters_of_every_script_are_text(text: str) -> None:
    assert is_text(line(text), CONFIG)


@pytest.mark.parametrize("text", ["", "   ", "...", "→→→", "🦊🦊🦊", "ooo", "OoO", "111"])
def test_signs_and_one_letter_again_and_again_are_none(text: str) -> None:
    assert not is_text(line(text, 1.0), CONFIG)


@pytest.mark.parametrize(
    ("region", "counts"),
    [
        (line("", height_px=10, length_px=25), True),
        (line("", height_px=9.9, length_px=25), False),
        (line("", height_px=10, length_px=12), True),
        (line("", height_px=10, length_px=11.9), False),
        (line("a", 0.6, height_px=10, length_px=24.9), False),
        (line("", height_px=340, length_px=850), True),
        (line("", height_px=341, length_px=900), False),
        (line("abc", 0.85), False),
        (line("abc", 0.8499), True),
        (line("...", 1.0), True),
    ],
)
def test_a_line_at_the_threshold_was_not_read(region: TextRegion, counts: bool) -> None:
    assert is_unread(region, LONG_SIDE_PX, CONFIG) is counts


@pytest.mark.parametrize("before", ["", "👩‍🚀", "e\u0301", "مرحبا", "𝔘𝔫𝔦"])
def test_places_are_counted_in_characters_of_any_script(before: str) -> None:
    first = TextRegion((0, 0, 50, 20), before or "x", 0.9)
    second = TextRegion((0, 40, 90, 20), "jane", 0.8)
    document = document_of([first, second])
    start = document.text.index("jane")
    match = PiiMatch("name", start, start + 4, "jane")
    assert document.box_of(match) == second.box
    assert document.confidence_of(match) == 0.8


def test_every_character_of_a_region_stands_where_its_span_says() -> None:
    words = ["one", "two", "drei", "四", "👩‍🚀"]
    regions = [
        TextRegion((60 * i % 120, 40 * (i // 2), 50, 20), w, 1.0) for i, w in enumerate(words)
    ]
    document = document_of(regions)
    for start, end, region in document.spans:
        assert document.text[start:end] == region.text
    assert len(document.spans) == len(words)


def test_the_box_round_one_box_is_itself_and_the_order_says_nothing() -> None:
    one, other = (5, 6, 7, 8), (20, 0, 3, 3)
    assert union([one]) == one
    assert union([one, other]) == union([other, one]) == (5, 0, 18, 14)
