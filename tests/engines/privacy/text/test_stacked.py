"""Letters one below the other, as on a vertical sign, are read as a word."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.validators.pictures.renders import dejavu
from benchmarks.validators.privacy_forms import faint, stacked
from engines.privacy.config import TextConfig
from engines.privacy.model import TextRegion
from engines.privacy.text import is_text, is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from engines.privacy.text.stacked import with_stacked
from tests.security.hostile_input.doubling import grows_linearly


def letter(text: str, y: int, x: int = 100, confidence: float = 0.95) -> TextRegion:
    return TextRegion((x, y, 24, 30), text, confidence, 24.0, 30.0)


def sign(text: str, x: int = 100) -> list[TextRegion]:
    return [letter(each, 40 * at, x) for at, each in enumerate(text)]


def texts(regions: tuple[TextRegion, ...]) -> list[str]:
    return [region.text for region in regions]


def test_letters_below_each_other_are_one_word() -> None:
    (word,) = with_stacked(sign("HOTEL"))
    assert (word.text, word.box, word.length_px) == ("HOTEL", (100, 0, 24, 190), 190.0)
    assert is_text(word, TextConfig())


def test_letters_that_were_found_as_a_pair_are_in_the_word() -> None:
    pair = TextRegion((100, 80, 24, 70), "TE", 0.95, 24.0, 70.0)
    (word,) = with_stacked([letter("H", 0), letter("O", 40), pair, letter("L", 160)])
    assert word.text == "HOTEL"


def test_a_letter_that_was_not_read_does_not_break_the_word() -> None:
    lines = sign("HOTEL")
    lines[2] = letter("", 80, confidence=0.0)
    assert texts(with_stacked(lines)) == ["HOEL"]


@pytest.mark.parametrize(
    "regions",
    [
        sign("HOT"),  # too few
        sign("IIIIIII"),  # windows or bricks
        [letter(each, 40 * at, 100 + 30 * at) for at, each in enumerate("STAIR")],
        [letter(each, 160 * at) for at, each in enumerate("HOTEL")],  # far apart
        [letter(each, 40 * at, confidence=0.55) for at, each in enumerate("HOTEL")],
    ],
)
def test_what_is_no_stacked_word_stays_as_it_is(regions: list[TextRegion]) -> None:
    assert with_stacked(regions) == tuple(regions)


def test_numbers_of_the_lines_of_a_list_stay_in_their_lines() -> None:
    numbers = sign("12345")
    lines = [TextRegion((160, 40 * at, 200, 30), "a line", 0.95, 30.0, 200.0) for at in range(5)]
    assert with_stacked([*numbers, *lines]) == (*numbers, *lines)


def test_other_lines_keep_their_order() -> None:
    title = TextRegion((0, 0, 300, 30), "Title", 0.99, 30.0, 300.0)
    below = [letter(each, 60 + 40 * at) for at, each in enumerate("HOTEL")]
    last = TextRegion((0, 400, 300, 30), "Last", 0.99, 30.0, 300.0)
    assert texts(with_stacked([title, *below, last])) == ["Title", "HOTEL", "Last"]


@pytest.mark.slow
def test_a_vertical_sign_is_text_to_the_real_reader() -> None:
    pixels = stacked("Meeting room 4", "white", str(dejavu()))
    lines = RapidOcrReader(TextConfig(), threads=1).read(pixels)
    assert any(line.text.startswith("Meet") for line in lines)


@pytest.mark.slow
def test_faint_text_on_a_plain_page_is_text_to_the_real_reader() -> None:
    config = TextConfig()
    pixels = faint("Meeting room 4", "white", str(dejavu()), 8)
    lines = RapidOcrReader(config, threads=1).read(pixels)
    assert any(is_text(line, config) or is_unread(line, 512, config) for line in lines)
    blank = faint(" ", "white", str(dejavu()), 8)
    assert np.ptp(blank) > 4
    assert RapidOcrReader(config, threads=1).read(blank) == ()


@pytest.mark.parametrize("letters_of_a_row", [1, 4, 100])
def test_joining_letters_below_each_other_is_linear(letters_of_a_row: int) -> None:
    def join(text: str) -> None:
        regions = [
            TextRegion(
                (12 * (at % letters_of_a_row), 12 * (at // letters_of_a_row), 8, 10),
                chr(97 + at % 26),
                0.9,
                10.0,
                10.0,
            )
            for at in range(len(text))
        ]
        with_stacked(regions)

    assert grows_linearly(join, lambda count: "a" * count, 1_000)
