"""What OCR does to text, undone where it is safe. Every function keeps the length of the text,
so positions in the result are positions in the original."""

from __future__ import annotations

import re

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TRANSLATION = str.maketrans(
    {
        **{chr(wide): chr(narrow) for wide, narrow in _WIDE.items()},
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000\t", " "),
        "\u3002": ".",
        "\u00ab": "<",
        "\u2039": "<",
    }
)
_DIGIT_OF = str.maketrans("OoQDIl|SsBZz", "000011155822"[:12])
_TOKEN = re.compile(r"[A-Za-z0-9|]+")
_CONFUSABLE = frozenset("OoQDIl|SsBZz0123456789")


def narrowed(text: str) -> str:
    """Full-width characters, odd dashes and spaces as their plain ASCII twins."""
    return text.translate(_TRANSLATION)


def digitised(text: str) -> str:
    """Letters that look like digits (O, l, S, B...) made digits, in words mostly of digits."""
    return _TOKEN.sub(_as_digits, text)


def _as_digits(match: re.Match[str]) -> str:
    word = match.group()
    digits = sum(character.isdigit() for character in word)
    if 2 * digits >= len(word) and digits < len(word) and _CONFUSABLE.issuperset(word):
        return word.translate(_DIGIT_OF)
    return word
