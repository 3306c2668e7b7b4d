"""Numbers that a state gives to a person: identity cards, taxes, social insurance.

Which number is valid is python-stdnum's knowledge (check digits, dates and regions within). Most
schemes are short, so that any tenth number fits: those count only where a word calls them so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum.at import tin as at_tin
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie, nif
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs, utr
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc
from stdnum.pt import nif as pt_nif
from stdnum.se import personnummer

from engines.privacy.pii.context import GAP, whole_words
from engines.privacy.pii.spans import Span

_LONGEST_CHARACTERS = 24
_STOPS = re.compile(r"[./]")


class _Scheme(NamedTuple):
    words: str
    """What calls a number so, as a pattern."""
    valid: tuple[Callable[[str], bool], ...]


def _national_insurance(number: str) -> bool:
    """A British National Insurance number has no check digit (HMRC manual NIM39110)."""
    return _NINO.fullmatch(number.replace(" ", "").upper()) is not None


_NINO = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.IGNORECASE
)
_SCHEMES = (
    _Scheme(
        r"dni|nie|nif|documento nacional(?: de identidad)?",
        (dni.is_valid, nie.is_valid, nif.is_valid, pt_nif.is_valid),
    ),
    _Scheme(
        r"steuer-?id|steuer-?idnr|idnr|steuer-?identifikationsnummer|steuer-?nr|steuernummer|tin",
        (idnr.is_valid, at_tin.is_valid),
    ),
    _Scheme(
        r"nir|s[eé]curit[eé] sociale|s[eé]cu|num[eé]ro de s[eé]curit[eé] sociale|insee|nss",
        (nir.is_valid,),
    ),
    _Scheme(r"ni number|ni no|nino|ni|national insurance(?: number| no)?", (_national_insurance,)),
    _Scheme(r"nhs(?: number| no)?", (nhs.is_valid,)),
    _Scheme(r"utr", (utr.is_valid,)),
    _Scheme(r"codice fiscale|cod\.? fisc|c\.?f", (codicefiscale.is_valid,)),
    _Scheme(r"bsn|burgerservicenummer|sofi-?nummer", (bsn.is_valid,)),
    _Scheme(r"pesel", (pesel.is_valid,)),
    _Scheme(
        r"rijksregister(?:nummer|nr)?|num[eé]ro national|registre national|niss|insz",
        (nn.is_valid,),
    ),
    _Scheme(r"contribuinte|nif|cart[aã]o de cidad[aã]o", (pt_nif.is_valid, cc.is_valid)),
    _Scheme(r"personnummer|personnr", (personnummer.is_valid,)),
    _Scheme(r"cpr|cpr-?(?:nr|nummer)", (cpr.is_valid,)),
    _Scheme(r"hetu|henkil[oö]tunnus", (hetu.is_valid,)),
    _Scheme(r"f[oø]dselsnummer|personnummer|f[oø]dselsnr", (fodselsnummer.is_valid,)),
    _Scheme(r"ahv|avs|ahv-?(?:nr|nummer)", (ahv.is_valid,)),
    _Scheme(r"svnr|sv-?nr|sozialversicherungsnummer|vsnr", (vnr.is_valid,)),
    _Scheme(r"aadhaar|aadhar|uidai|uid", (aadhaar.is_valid,)),
    _Scheme(r"pan", (pan.is_valid,)),
    _Scheme(r"cpf", (cpf.is_valid,)),
    _Scheme(r"sin|social insurance(?: number| no)?", (sin.is_valid,)),
    _Scheme(r"tfn|tax file(?: number| no)?", (tfn.is_valid,)),
    _Scheme(r"pps|ppsn|pps(?: number| no)?", (pps.is_valid,)),
    _Scheme(r"curp", (curp.is_valid,)),
    _Scheme(r"身份证(?:号码|号)?|公民身份号码", (ric.is_valid,)),
)
_CALLED = re.compile(
    "|".join(f"({whole_words(scheme.words)})" for scheme in _SCHEMES), re.IGNORECASE
)
_NUMBER_WORD = (
    rf"{GAP}{{0,4}}(?:{whole_words('no|nr|n|num|number|nummer|numero|número|numéro|is')})?"
)
_BEHIND = re.compile(
    rf"{_NUMBER_WORD}{GAP}{{0,6}}([A-Za-z0-9]{{1,18}}(?:[ ./-]{{1,2}}[A-Za-z0-9]{{1,14}}){{0,7}})",
    re.IGNORECASE,
)
_ALONE: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE),
        codicefiscale.is_valid,
    ),
    (
        re.compile(
            r"(?<![\w.-])[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d"
            r"(?![\w.-])"
        ),
        nir.is_valid,
    ),
    (re.compile(r"(?<![\w.-])756\.\d{4}\.\d{4}\.\d\d(?![\w.-])"), ahv.is_valid),
    (re.compile(r"(?<!\w)[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d(?!\w)"), curp.is_valid),
    (re.compile(r"(?<!\w)[A-Z]{2} \d\d \d\d \d\d [A-D](?!\w)"), _national_insurance),
)


def find_national_numbers(text: str) -> Iterator[Span]:
    """Numbers behind a word that calls them so, and those whose shape and check leave no doubt."""
    for match in _CALLED.finditer(text):
        valid = _SCHEMES[(match.lastindex or 1) - 1].valid
        behind = _BEHIND.match(text, match.end())
        if behind is not None:
            yield from _first_valid(behind.group(1), behind.start(1), valid)
    for pattern, is_valid in _ALONE:
        for match in pattern.finditer(text):
            if is_valid(match.group()):
                yield Span("national_id", match.start(), match.end())


def _first_valid(
    shown: str, start: int, valid: tuple[Callable[[str], bool], ...]
) -> Iterator[Span]:
    """The longest beginning of `shown`, cut between its groups, that one scheme knows."""
    ends = [match.end() for match in re.finditer(r"[A-Za-z0-9]+", shown)]
    for end in reversed(ends):
        number = _STOPS.sub("", shown[:end])
        if len(number) <= _LONGEST_CHARACTERS and any(check(number) for check in valid):
            yield Span("national_id", start, start + end)
            return
