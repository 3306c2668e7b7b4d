"""Finds numbers of devices that may lead to their owners: MAC addresses, IMEI, SIM cards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import imei, luhn

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import (
    GAP,
    NO_LETTER_BEFORE,
    NO_LETTER_BEHIND,
    preceded_by,
    whole_words,
)
from engines.privacy.pii.words.lexicon import any_of

_PAIR = "[0-9A-Fa-f]{2}"
_FOUR = "[0-9A-Fa-f]{4}"
_MAC = re.compile(  # six pairs, without leading zeros on BSD, or three groups of four
    rf"(?<![\w:.-])(?:{_PAIR}([:.-]){_PAIR}(?:\1{_PAIR}){{4}}|{_FOUR}\.{_FOUR}\.{_FOUR}"
    r"|[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})(?!\w|[:.-]\w)"
)
_FEWEST_DIGITS = 9
_MAC_WORD = re.compile(whole_words(any_of("mac")) + rf"{GAP}{{0,8}}(?:is )?$", re.IGNORECASE)
_MAC_BARE = re.compile(
    rf"{whole_words(any_of('mac'))}{GAP}{{1,4}}"
    rf"(?-i:([0-9A-F]{{12}}|[0-9a-f]{{12}}|{_PAIR}(?: {_PAIR}){{5}}))(?! ?{_PAIR}(?!\w)|\w)",
    re.IGNORECASE,
)
_NOBODYS = frozenset({"0" * 12, "F" * 12})
_DEVICE = re.compile(
    rf"{NO_LETTER_BEFORE}(?:{any_of('device')})(?: ?\d(?!\d))?{NO_LETTER_BEHIND}"
    r"(?:\s?\([^()\n]{1,16}\))?\D{0,28}(\d(?:[ /-]{0,2}\d){14,21})",
    re.IGNORECASE,
)
_PHONE_DIGITS = 15
_SIM_CARD = re.compile(r"89\d{17,18}")
"""Number of a SIM card (ITU-T E.118): 89 for telecommunications, 19 or 20 digits in all, the last
of which is a check digit."""


def find_mac_addresses(text: str) -> Iterator[Span]:
    """MAC addresses (EUI-48, IEEE 802) in the usual notations. One without a letter, which may be a
    time, or without separators counts only after a word for them."""
    for match in _MAC.finditer(text):
        if _is_device(match.group()) and (
            re.search("[A-Fa-f]", match.group()) or preceded_by(_MAC_WORD, text, match.start())
        ):
            yield Span("mac_address", match.start(), match.end())
    for match in _MAC_BARE.finditer(text):
        if _is_device(match.group(1)):
            yield Span("mac_address", match.start(1), match.end(1), 0.9)


def _is_device(found: str) -> bool:
    digits = re.sub(r"[:. -]", "", found).upper()
    return digits not in _NOBODYS and len(digits) >= _FEWEST_DIGITS


def find_device_ids(text: str) -> Iterator[Span]:
    """IMEI (3GPP TS 23.003, 15 digits) and numbers of SIM cards, after a word for them and with a
    valid check digit (Luhn)."""
    for match in _DEVICE.finditer(text):
        ends = [digit.end() for digit in re.finditer(r"\d(?!\d)", match.group(1))]
        for end in reversed(ends):  # more digits may follow, such as the software's version
            if _is_device_id(re.sub(r"\D", "", match.group(1)[:end])):
                yield Span("device_id", match.start(1), match.start(1) + end)
                break


def _is_device_id(digits: str) -> bool:
    is_phone = len(digits) == _PHONE_DIGITS and imei.is_valid(digits)
    return is_phone or (_SIM_CARD.fullmatch(digits) is not None and luhn.is_valid(digits))
