"""Malicious texts and bytes of any size."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable

_DELIMITERS = "<>&;\"'()[]{}|@.,:/\\-+_=#%*!?~ \n\t\u0301\u200b\u00e9O0"
_PAIRS = (
    "1 ",
    "1-",
    "1.",
    "1,",
    "a@",
    "a.",
    "@.",
    "<a",
    "a<",
    "</",
    "-.",
    "1a",
    "O0",
    "l1",
    "\r\n",
)
_WORDS = (
    "1",
    "12",
    "a",
    "A1",
    "1 2-3.",
    "+1 ",
    "(415) ",
    "0.0.0.0 ",
    "::",
    "ab:cd:",
    "DE12 ",
    "IBAN",
    "ssn 1",
    "passport no ",
    "P<",
    "dob ",
    "born on the ",
    "tel no ",
    "http://",
    "www.",
    "a@b.",
    "a at b dot ",
    "(at)(dot)",
    "<a b='",
    "<!--",
    "<![CDATA[",
    "&lt;",
    "[[",
    "4111 1111 1111 ",
    "1234567890123456 ",
    "plate AB ",
    "01.02.",
    "1 jan ",
    "\u0e01\u0e34",
)


def units() -> list[str]:
    """Units that malicious texts repeat: delimiters, pairs, open tags, alternations, digits."""
    return list(dict.fromkeys((*_DELIMITERS, *_PAIRS, *_WORDS)))


def repeated(unit: str, end: str = "") -> Callable[[int], str]:
    """Returns a function from a size to a text: `unit` repeated to about this many characters, then
    `end`, which does not match."""
    return lambda size: unit * (size // len(unit)) + end


def nested(opening: str, closing: str) -> Callable[[int], str]:
    return lambda size: (
        opening * (size // (2 * len(opening))) + closing * (size // 2 // len(closing))
    )


def random_text(size: int) -> str:
    """All printable characters in a pseudo-random order (linear congruential), always the same."""
    letters = string.printable
    state, out = 1, []
    for _ in range(size):
        state = (state * 1103515245 + 12345) % 2**31
        out.append(letters[state // 65536 % len(letters)])
    return "".join(out)


def texts() -> dict[str, Callable[[int], str]]:
    """Name to a function that makes a text of a given size."""
    made = {f"{unit!r}": repeated(unit) for unit in units()}
    made.update({f"{unit!r} and !": repeated(unit, "!x") for unit in (*_PAIRS, "1", "a", " ")})
    made["nested []"] = nested("[", "]")
    made["nested ()"] = nested("(1", ")")
    made["nested tags"] = nested("<a>", "</a>")
    made["random"] = random_text
    return made


def byte_units() -> list[bytes]:
    """Units that malicious files repeat after a valid start."""
    pairs = [
        bytes(pair) for pair in itertools.product((0x00, 0x01, 0x21, 0x2C, 0xD9, 0xFF), repeat=2)
    ]
    words = [
        b"\xff\xe1\0\2",
        b"\xff\xe1\0\x08Exif\0\0",
        b"\xff\xda\0\2",
        b"\xff\xc0\0\2",
        b"\0\0\0\0tEXt\0\0\0\0",
        b"\0\0\0\0IDAT\0\0\0\0",
        b"\0\0\0\x08eXIfII*\0\x08\0\0\0\0\0\0\0",
        b"EXIF\0\0\0\0",
        b"\x21\xfe\x01a\0",
        b"\x2c" + b"\0" * 10,
        b"PK\5\6",
        b"PK\1\2",
        b"%PDF-1.4",
        b"MZ",
        b"PE\0\0",
        b"\x7fELF\2\1\1",
        b"<html",
        b"Rar!",
        b"8BIM\4\4\0\0\0\0\0\0",
        b"\x1c\2\x78\0\0",
        b"II*\0\x08\0\0\0",
    ]
    return list(dict.fromkeys([*pairs, *words]))
