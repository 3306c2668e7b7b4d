"""Masks findings, so that reports do not contain the personal data."""

from __future__ import annotations

import re

_HIDDEN = "***"
_FEWEST_DIGITS = 7


def masked(kind: str, text: str) -> str:
    """`text`, masked so that its owner recognizes it and nobody else learns it.

    An e-mail address keeps the first letters and the top-level domain (`j***@e***.com`), a long
    number its last two digits. Names, metadata and plain text keep the first letter of each of
    their first six words. Everything else is hidden. The result never contains `text`. `kind`:
    type of the finding, such as "email".
    """
    if kind == "credential":
        return _HIDDEN
    shown = _masked_email(text) if kind == "email" else _masked_number(text)
    if kind in ("text", "name", "metadata"):
        shown = _masked_words(text)
    return _HIDDEN if text.strip() and text.strip() in shown else shown


def _masked_email(text: str) -> str:
    local, _, domain = re.sub(r"\s", "", text).partition("@")
    top = re.search(r"[.,]([A-Za-z]{2,6})$", domain)
    if not local or not domain or top is None:
        return f"{_HIDDEN}@{_HIDDEN}"
    return f"{local[0]}{_HIDDEN}@{domain[0]}{_HIDDEN}.{top.group(1)}"


def _masked_number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return _HIDDEN + digits[-2:] if len(digits) >= _FEWEST_DIGITS else _HIDDEN


def _masked_words(text: str) -> str:
    words = text.split()[:6]
    return " ".join(word[0] + _HIDDEN if len(word) > 1 else _HIDDEN for word in words)
