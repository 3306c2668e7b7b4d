"""Words before a number that say what the number is."""

from __future__ import annotations

import re

_WINDOW = 32

PHONE = re.compile(
    r"(?:phone|tel|telephone|call|mobile|cell|fax|whats\s?app|handy|telefon|t[eé]l[eé]phone"
    r"|m[oó]vil|tel[eé]fono|sms|text|contact|hotline)(?![a-z])[^A-Za-z0-9]{0,4}"
    r"(?:us|me|no|nr|number|at|on|is)?[^A-Za-z0-9]{0,6}$",
    re.IGNORECASE,
)
NOT_PERSONAL = re.compile(
    r"(?:order|invoice|inv|serial|s/n|sn|p/n|pn|isbn|issn|ean|upc|sku|imei|tracking|track|parcel|ref"
    r"|reference|ticket|part|model|item|product|batch|lot|article|build|version|case|po"
    r"|receipt|transaction|page|id|artikel|bestellung|rechnung)"
    r"(?![a-z])[^A-Za-z0-9]{0,4}(?:no|nr|num|number|id|code)?[^A-Za-z0-9]{0,6}$",
    re.IGNORECASE,
)
VERSION = re.compile(
    r"(?:\bv|ver|vers|version|release|rel|build|firmware|fw|rev|revision|section|sec|chapter"
    r"|update|patch|driver|oid|schema|api|kernel|chrome|java|§)[^A-Za-z0-9]{0,4}$",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"(?:\bip|ipv4|host|server|address|addr|ping|dns|gateway|client|from|ssh|login)"
    r"(?![a-z])[^A-Za-z0-9]{0,4}(?:is)?[^A-Za-z0-9]{0,4}$",
    re.IGNORECASE,
)


def before(text: str, start: int) -> str:
    """What stands just before position `start`."""
    return text[max(0, start - _WINDOW) : start]


def preceded_by(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Whether the words just before `start` match `pattern`, which is anchored at its end."""
    return pattern.search(before(text, start)) is not None
