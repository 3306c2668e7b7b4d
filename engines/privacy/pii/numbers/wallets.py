"""Finds addresses of crypto wallets. They are public, and connect a person with every payment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import bitcoin

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import GAP, preceded_by, whole_words
from engines.privacy.pii.words.lexicon import any_of

_BITCOIN = re.compile(
    r"(?<![A-Za-z0-9])(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}"
    r"|bc[1lI][02-9ac-hj-np-z]{11,87}|BC[1lI][02-9AC-HJ-NP-Z]{11,87})(?![A-Za-z0-9])"
)
_SEPARATOR = re.compile("^(?:bc|BC)[1lI]")
"""Prefix of an address, in which OCR may misread the 1. The rest has no 1, b, i and o (BIP 173)."""
_ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0x[0-9A-Fa-f]{40}(?![A-Za-z0-9])")
_WALLET_WORD = re.compile(
    rf"{whole_words(any_of('wallet'))}{GAP}{{0,4}}(?:{whole_words(any_of('between', 'number'))})?"
    rf"{GAP}{{0,4}}$",
    re.IGNORECASE,
)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3
"""Value of the checksum for addresses of version 1 and later (BIP 350)."""
_PREFIX_EXPANDED = (3, 3, 0, 2, 3)
"""The prefix "bc", expanded for the checksum (BIP 173)."""


def find_wallets(text: str) -> Iterator[Span]:
    """Bitcoin addresses with a valid checksum. Ethereum addresses by their form, if they have
    letters of both cases, as the checksum of EIP-55 requires, or follow a word for a wallet."""
    for match in _BITCOIN.finditer(text):
        address = _SEPARATOR.sub("bc1", match.group())
        if bitcoin.is_valid(address) or _is_taproot(address.lower()):
            yield Span("crypto_wallet", match.start(), match.end())
    for match in _ETHEREUM.finditer(text):
        digits = match.group()[2:]
        mixed = digits.lower() != digits and digits.upper() != digits
        if mixed or preceded_by(_WALLET_WORD, text, match.start()):
            yield Span("crypto_wallet", match.start(), match.end(), 0.9)


def _is_taproot(address: str) -> bool:
    """Whether it is a valid address of version 1 or later, which python-stdnum does not know."""
    if not address.startswith("bc1p"):
        return False
    values = [_BECH32.index(sign) for sign in address[3:]]
    return bool(bitcoin.bech32_checksum([*_PREFIX_EXPANDED, *values]) == _BECH32M)
