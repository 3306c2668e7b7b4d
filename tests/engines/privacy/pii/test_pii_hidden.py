"""Personal data with characters inside that no reader sees: zero-width ones, soft hyphens, marks
that turn the direction of writing."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from engines.privacy.pii.ocr import unhidden

SHOWN = (
    ("email", "jane.doe@example.com"),
    ("phone", "+44 7911 123456"),
    ("credit_card", "4111 1111 1111 1111"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("ssn", "512-44-9083"),
    ("address", "221B Baker Street, London NW1 6XE"),
)
HIDDEN = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u034f", "\u3164")


@pytest.mark.parametrize("sign", HIDDEN)
@pytest.mark.parametrize(("kind", "shown"), SHOWN)
def test_it_is_found_and_lies_where_it_stands(
    kind: str, shown: str, sign: str, patterns: PatternPii
) -> None:
    for places in ((3,), (1, 4, 9), range(1, len(shown))):
        hidden = "".join(sign + each if at in places else each for at, each in enumerate(shown))
        text = f"see {hidden} there"
        (match,) = patterns.find(text)
        assert (match.type, match.text) == (kind, hidden)
        assert text[match.start : match.end] == hidden


def test_a_hidden_character_may_stand_for_a_blank(patterns: PatternPii) -> None:
    (match,) = patterns.find("Anna\u200bjane.doe@example.com")
    assert match.type == "email"
    assert "phone" in {found.type for found in patterns.find("Nr\u200b+44 7911 123456")}


@pytest.mark.parametrize("text", ["\u200bHello\u200b world", "soft\u00adhyphen\u00adated 12 345"])
def test_hidden_characters_alone_are_nobody(text: str, patterns: PatternPii) -> None:
    assert patterns.find(text) == []


def test_places_are_those_of_the_text_as_it_is() -> None:
    assert unhidden("a\u200bb\u2060\u2060c") == ("abc", [0, 2, 5])
    assert unhidden("plain é") == ("plain é", [0, 1, 2, 3, 4, 5, 6])
