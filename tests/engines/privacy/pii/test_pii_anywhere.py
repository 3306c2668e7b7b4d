"""A finding does not depend on what stands around it; spans and masks at their edges."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy.pii import PatternPii, masked
from engines.privacy.pii.spans import Span, without_overlaps
from engines.privacy.severity import SEVERITY

FOUND = {
    "email": "jane.doe@example.com",
    "credit_card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+49 30 901820",
    "ssn": "078-05-1120",
    "mac_address": "a4:83:e7:5b:00:19",
    "crypto_wallet": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "credential": "AKIAIOSFODNN7EXAMPLE",
    "gps_location": "52.520008, 13.404954",
}
AROUND = {
    "lines": "first\n{}\nlast",
    "brackets": "({})",
    "square brackets": "[{}]",
    "quotes": "“{}”",
    "Japanese": "連絡先 {} まで",
    "Arabic": "اتصل {} الآن",
    "Hebrew": "צור קשר {} עכשיו",
    "Thai": "ติดต่อ {} ได้",
    "Cyrillic": "вот {} тут",
    "emoji": "👩‍🚀 {} 🦊",
    "right to left marks": "\u200f {} \u200e",
}


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize("around", AROUND)
def test_it_is_found_among_any_script(patterns: PatternPii, kind: str, around: str) -> None:
    text = AROUND[around].format(FOUND[kind])
    assert [(m.type, m.text) for m in patterns.find(text)] == [(kind, FOUND[kind])]


@pytest.mark.parametrize("kind", FOUND)
def test_a_line_before_it_moves_its_place_and_nothing_else(patterns: PatternPii, kind: str) -> None:
    (alone,) = patterns.find(FOUND[kind])
    (moved,) = patterns.find(f"a line\n{FOUND[kind]}")
    assert (moved.start - alone.start, moved.end - alone.end) == (7, 7)
    assert moved.confidence == alone.confidence


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t", "\u3000", "\u200b", "-", "@", "."])
def test_a_text_of_nothing_holds_nobody(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []


def test_a_finding_at_the_end_of_a_long_text_is_found(patterns: PatternPii) -> None:
    text = "the fox sleeps " * 4000 + FOUND["email"]
    (match,) = patterns.find(text)
    assert (match.start, match.end) == (len(text) - len(FOUND["email"]), len(text))


def test_one_that_stands_there_twice_is_found_twice(patterns: PatternPii) -> None:
    matches = patterns.find(f"{FOUND['email']} {FOUND['email']}")
    assert [match.start for match in matches] == [0, 21]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12))
def test_spans_that_stay_are_in_order_and_apart(found: list[tuple[int, int]]) -> None:
    spans = [Span("url", start, start + length) for start, length in found]
    kept = without_overlaps(spans)
    assert kept[:1] == sorted(kept)[:1]
    assert all(one.end <= other.start for one, other in pairwise(kept))
    assert set(spans[:1]) <= set(kept), "the first always stays"
    dropped = set(spans) - set(kept)
    assert all(any(d.start < k.end and k.start < d.end for k in kept) for d in dropped)


def test_spans_that_touch_do_not_overlap() -> None:
    spans = [Span("email", 5, 9), Span("url", 0, 5), Span("phone", 9, 12), Span("name", 8, 10)]
    assert without_overlaps(spans) == [spans[1], spans[0], spans[2]]


@pytest.mark.parametrize("text", ["", " ", "\n", "a", "7", "@", "a@", "@b", "é", "👩‍🚀", "王"])
def test_a_mask_of_next_to_nothing_shows_nothing(text: str) -> None:
    for kind in SEVERITY:
        shown = masked(kind, text)
        assert "*" in shown or shown == ""
        assert text.strip() in ("", "@") or text.strip() not in shown


@pytest.mark.parametrize("text", ["jane.doe@example.com", "j@e.co", "пётр@почта.рф"])
def test_a_mask_hides_the_length_of_an_address(text: str) -> None:
    assert masked("email", text).count("*") == 6
