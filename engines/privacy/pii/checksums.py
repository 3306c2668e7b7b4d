"""Check digits: what tells a card from an order number."""

from __future__ import annotations

_IBAN_LENGTHS = {
    code: int(length)
    for code, length in (
        entry.split(":")
        for entry in [
            "AD:24",
            "AE:23",
            "AL:28",
            "AT:20",
            "AZ:28",
            "BA:20",
            "BE:16",
            "BG:22",
            "BH:22",
            "BR:29",
            "BY:28",
            "CH:21",
            "CR:22",
            "CY:28",
            "CZ:24",
            "DE:22",
            "DK:18",
            "DO:28",
            "EE:20",
            "EG:29",
            "ES:24",
            "FI:18",
            "FO:18",
            "FR:27",
            "GB:22",
            "GE:22",
            "GI:23",
            "GL:18",
            "GR:27",
            "GT:28",
            "HR:21",
            "HU:28",
            "IE:22",
            "IL:23",
            "IQ:23",
            "IS:26",
            "IT:27",
            "JO:30",
            "KW:30",
            "KZ:20",
            "LB:28",
            "LC:32",
            "LI:21",
            "LT:20",
            "LU:20",
            "LV:21",
            "LY:25",
            "MC:27",
            "MD:24",
            "ME:22",
            "MK:19",
            "MR:27",
            "MT:31",
            "MU:30",
            "NL:18",
            "NO:15",
            "PK:24",
            "PL:28",
            "PS:29",
            "PT:25",
            "QA:29",
            "RO:24",
            "RS:22",
            "SA:24",
            "SC:31",
            "SE:24",
            "SI:19",
            "SK:24",
            "SM:27",
            "ST:25",
            "SV:28",
            "TL:23",
            "TN:24",
            "TR:26",
            "UA:29",
            "VA:22",
            "VG:24",
            "XK:20",
        ]
    )
}
_MRZ_WEIGHTS = (7, 3, 1)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B over a string of decimal digits."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        value = int(character) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """A number of a card network: issuer range, length and Luhn."""
    return _issuer_fits(digits) and luhn(digits)


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


def iban_length(country: str) -> int | None:
    """Characters of an IBAN of `country`, from the SWIFT registry; None where there are none."""
    return _IBAN_LENGTHS.get(country)


def iban_valid(iban: str) -> bool:
    """ISO 13616: moved by four and read in base 36, the remainder by 97 is 1. No spaces."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def ssn_valid(area: str, group: str, serial: str) -> bool:
    """Numbers that the Social Security Administration can have given out."""
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def mrz_digit(field: str) -> str:
    """ICAO 9303 part 3, 4.9: check digit of a field of digits, A-Z and <."""
    values = (0 if character == "<" else int(character, 36) for character in field)
    return str(sum(v * _MRZ_WEIGHTS[i % 3] for i, v in enumerate(values)) % 10)
