"""Check digits, which distinguish for example a card number from an order number.

python-stdnum is used for the kinds of numbers that it knows. It does not know the issuers of cards
and machine-readable zones, and it refuses social security numbers that are printed on sample cards.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stdnum import luhn, numdb
from stdnum.iso7064 import mod_97_10

_IBANS = numdb.get("iban")
_PART = re.compile(r"(\d{1,3})!")  # of a structure in the registry: "4!a6!n" is 4 letters, 6 digits
_MRZ_WEIGHTS = (7, 3, 1)


def is_card(digits: str) -> bool:
    """Whether the digits are the number of a card: range of the issuer, length, check digit
    (Luhn)."""
    return _issuer_fits(digits) and luhn.is_valid(digits)


def _issuer_fits(digits: str) -> bool:
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return length in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    if two in (34, 37):
        return length == 15
    if two in (36, 38, 39) or 300 <= three <= 305:
        return length == 14
    if four == 6011 or two in (62, 65) or 644 <= three <= 649 or 3528 <= four <= 3589:
        return 16 <= length <= 19
    return four in (5018, 5020, 5038, 6304, 6759, 6761, 6762, 6763) and 16 <= length <= 19


@lru_cache(maxsize=1024)
def iban_length(country: str) -> int | None:
    """Number of characters of an IBAN of `country` (two letters), from the SWIFT registry; None if
    the country has no IBANs."""
    structure = _IBANS.info(country)[0][1].get("bban")
    return 4 + sum(map(int, _PART.findall(structure))) if structure else None


def iban_valid(iban: str) -> bool:
    """Whether the check digits of an IBAN without spaces are right (ISO 13616): with its first four
    characters at the end, and letters as numbers from 10 on, its remainder by 97 is 1."""
    return bool(mod_97_10.is_valid(iban[4:] + iban[:4]))


def ssn_valid(area: str, group: str, serial: str) -> bool:
    """Whether the US Social Security Administration can have issued this number."""
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def mrz_digit(field: str) -> str:
    """Check digit of a field of digits, A-Z and "<" (ICAO 9303, part 3, 4.9)."""
    values = (0 if character == "<" else int(character, 36) for character in field)
    return str(sum(v * _MRZ_WEIGHTS[i % 3] for i, v in enumerate(values)) % 10)
