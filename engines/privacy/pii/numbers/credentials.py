"""Finds credentials: keys of well-known services, tokens, private keys, passwords."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import ASIDE, NO_LETTER_BEFORE, NO_LETTER_BEHIND
from engines.privacy.pii.words.lexicon import any_of, key_patterns

_KEY = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(key_patterns())})(?![A-Za-z0-9])")
_JWT = re.compile(r"(?<![\w.-])(eyJ[\w-]{8,1000})\.[\w-]{8,4000}\.[\w-]{0,1000}(?![\w-])")
_PRIVATE_KEY = re.compile(
    r"-{3,5} ?BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{3,5}"
    r"(?:[^-]{0,8000}-{3,5} ?END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{3,5})?"
)
_IN_LINK = re.compile(
    r"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{0,64}:[^\s/@]{3,128}@[\w.\[-]+"
)
_SAID = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:{any_of('password')}){NO_LETTER_BEHIND}{ASIDE}(?:\s(?!(?i:mac|ip|ssid)\b)[^\W\d_]{{2,12}}(?=\s?=))?"
    rf"(?:\s?[:=]\s{{0,2}}|\s(?i:is|{any_of('between')})\s{{1,2}})"
    r"[\"'“„]?([^\s\"'“”<>]{6,64})"
)
_WIFI = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:wi-?fi|wlan|ssid|hotspot|[^\W\d_]{{3,8}}wi-?fi)[^\n]{{0,40}}?{NO_LETTER_BEFORE}"
    rf"(?i:{any_of('wifi_key')})\s?[:=]\s{{0,2}}([^\s\"'“”<>]{{8,64}})"
)
_DOCUMENT = re.compile(r"[A-Z]{1,3}\d[A-Z0-9]{5,7}")
"""The number of a passport, behind "Pass:"."""
_PIN = re.compile(  # PIN: 4471; code du portail 2580
    rf"{NO_LETTER_BEFORE}(?i:{any_of('pin')}){NO_LETTER_BEHIND}{ASIDE}(?:\s(?i:is|{any_of('between')}))?"
    r"\s?[:=]?\s{1,2}(\d{4}|\d{6})(?![\w%€$£°]|[.,:/-]\d| ?[%€$£°\d])"
)
_FEWEST_KINDS = 2


def find_credentials(text: str) -> Iterator[Span]:
    """Keys and tokens in the forms of their issuers, private keys, links with a user and a
    password, and passwords after a word such as "password:"."""
    for pattern in (_PRIVATE_KEY, _IN_LINK, _KEY):
        for match in pattern.finditer(text):
            yield Span("credential", match.start(), match.end())
    for match in _JWT.finditer(text):
        if _is_header(match.group(1)):
            yield Span("credential", match.start(), match.end())
    for match in _SAID.finditer(text):
        if _like_password(match.group(1)):
            yield Span("credential", match.start(1), match.end(1), 0.8)
    for match in _WIFI.finditer(text):
        if _like_password(match.group(1)):
            yield Span("credential", match.start(1), match.end(1), 0.7)
    for match in _PIN.finditer(text):
        yield Span("credential", match.start(1), match.end(1), 0.6)


def _is_header(part: str) -> bool:
    """Whether `part` is the header of a JSON Web Token (RFC 7515): an object with `alg`."""
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


def _like_password(found: str) -> bool:
    """Whether the text may be a password: at least six characters, with a digit and with letters or
    signs. Words of a sentence, masks of asterisks and links are not."""
    found = found.rstrip(".,;:!?)")
    kinds = (re.search(kind, found) for kind in (r"\d", r"[^\W\d_]", r"[^\w*•./-]"))
    counted = sum(kind is not None for kind in kinds)
    return (
        len(found) >= 6
        and counted >= _FEWEST_KINDS
        and re.search(r"\d", found) is not None
        and "://" not in found
        and not _DOCUMENT.fullmatch(found)
    )
