"""Finds bank accounts that are not written as IBANs: an account number near the number of its bank,
or after a word for an account number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum.es import ccc

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import ASIDE, GAP, NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.lexicon import any_of

_SIGNS = rf"(?:\s?(?:{any_of('number', 'copula')}|n[°ºo.]|№|#))?{GAP}{{0,6}}"
_DIGITS = r"\d(?:[ ./-]?\d|[A-Z](?=\d)){4,22}"
_ACCOUNT = re.compile(
    rf"{WORD_BEGINS}(?:{any_of('account')}){NO_LETTER_BEHIND}{ASIDE}{_SIGNS}"
    rf"({_DIGITS})(?![\w%€]|[.,:/-]\d)",
    re.IGNORECASE,
)
_BANK = re.compile(
    rf"{WORD_BEGINS}(?:{any_of('bank_code')}){NO_LETTER_BEHIND}"
    rf"{_SIGNS}(\d(?:[ .-]?\d){{1,9}})(?!\w)",
    re.IGNORECASE,
)
_A_NUMBER = rf"{any_of('number')}|n[°ºr]|no|nr|nummer|[#№]"
_SAYS_NUMBER = re.compile(
    rf"^(?:{_A_NUMBER}){NO_LETTER_BEHIND}|(?:{_A_NUMBER})\W{{0,4}}$", re.IGNORECASE
)
_GIRO = re.compile(
    rf"{WORD_BEGINS}(?:{any_of('giro')}){NO_LETTER_BEHIND}{_SIGNS}(\d{{5,7}})(?!\w|[.,:/-]\d)",
    re.IGNORECASE,
)
_BRITISH = re.compile(r"(?<![\w.,/-])\d{2}-\d{2}-\d{2}[ /,]{1,3}\d{8}(?![\w-]|[.,]\d)")
_DATE = re.compile(r"\d{1,2}[ ./-]\d{1,2}[ ./-](?:\d\d){1,2}|\d{4}[ ./-]\d{1,2}[ ./-]\d{1,2}")
_SPANISH = re.compile(r"(?<![\w.,-])\d{4}([ -]?)\d{4}\1\d{2}[ -]?\d{10}(?![\w-]|[.,]\d)")
_FRENCH = re.compile(r"(?<![\w.,-])(\d{5}) ?(\d{5}) ?([0-9A-Z]{11}) ?(\d{2})(?![\w-]|[.,]\d)")
_WORD = re.compile(
    rf"{WORD_BEGINS}(?:{any_of('account', 'bank_code')}){NO_LETTER_BEHIND}", re.IGNORECASE
)
_DUTCH = re.compile(r"(?<![\w.,-])\d\d\.\d\d\.\d\d\.\d{3}(?![\w.-])")
_NEAR, _FAR = 72, 160
_FEWEST_ALONE, _FEWEST_BESIDE_BANK = 7, 5
_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


def find_bank_accounts(text: str) -> Iterator[Span]:
    """Account numbers. `text`: the result of `digitised`."""
    banks = [match.span() for match in _BANK.finditer(text)]
    for match in _ACCOUNT.finditer(text):
        digits = sum(sign.isdigit() for sign in match.group(1))
        near = any(
            start < match.end() + _NEAR and end > match.start() - _NEAR for start, end in banks
        )
        said = _SAYS_NUMBER.search(text[match.start() : match.start(1)]) is not None
        if _DATE.fullmatch(match.group(1)):
            continue
        if digits >= (_FEWEST_BESIDE_BANK if near else _FEWEST_ALONE) and (near or said):
            yield Span("bank_account", match.start(1), match.end(1), 0.8)
    for match in _GIRO.finditer(text):
        yield Span("bank_account", match.start(1), match.end(1), 0.7)
    for match in _SPANISH.finditer(text):
        if ccc.is_valid(match.group()):
            yield Span("bank_account", *match.span(), 0.9)
    for match in _FRENCH.finditer(text):
        if _french_key_fits(*match.groups()) and _is_called(text, match.start()):
            yield Span("bank_account", *match.span(), 0.9)
    for match in _BRITISH.finditer(text):
        if _is_called(text, match.start()):
            yield Span("bank_account", *match.span(), 0.9)
    for match in _DUTCH.finditer(text):
        if _eleven_fits(match.group().replace(".", "")) and _is_called(text, match.start()):
            yield Span("bank_account", *match.span(), 0.7)


def _is_called(text: str, start: int) -> bool:
    """Whether there is a word for an account or a bank in the 160 characters before `start` or the
    72 characters after it."""
    return _WORD.search(text, max(0, start - _FAR), start + _NEAR) is not None


def _french_key_fits(bank: str, branch: str, account: str, key: str) -> bool:
    """Whether `key` is the check number of a French account (relevé d'identité bancaire): 97 minus
    the remainder of a weighted sum divided by 97. Letters stand for digits."""
    number = int(account.translate(_LETTERS))
    return 97 - (89 * int(bank) + 15 * int(branch) + 3 * number) % 97 == int(key)


def _eleven_fits(digits: str) -> bool:
    """Whether nine digits pass the test of Dutch account numbers: their sum, weighted by 9 to 1, is
    a multiple of 11."""
    return sum((9 - place) * int(digit) for place, digit in enumerate(digits)) % 11 == 0
