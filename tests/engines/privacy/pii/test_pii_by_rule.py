"""Each rule over everything it speaks of: every country's numbers, every issuer's cards, every kind
of machine-readable line, made by the standard's own arithmetic and not by the code under test."""

from __future__ import annotations

import ipaddress
import itertools
import string
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.privacy.pii import PatternPii
from engines.privacy.pii.numbers.checksums import iban_length

PATTERNS = PatternPii(("US", "GB", "DE", "FR"))
_COUNTRIES = [
    f"{a}{b}"
    for a in string.ascii_uppercase
    for b in string.ascii_uppercase
    if iban_length(f"{a}{b}") is not None
]
_ISSUERS = [
    *(("4", 16), ("51", 16), ("55", 16), ("2300", 16), ("34", 15), ("37", 15), ("36", 14)),
    *(("6011", 16), ("65", 16), ("3540", 16), ("62", 17), ("6304", 19)),
]
_SETTINGS = settings(max_examples=60)


def types(text: str) -> list[str]:
    return [match.type for match in PATTERNS.find(text)]


def grouped(text: str, size: int = 4, gap: str = " ") -> str:
    return gap.join(text[start : start + size] for start in range(0, len(text), size))


def iban(country: str, account: str) -> str:
    """ISO 13616: 98 minus the remainder by 97 of account, country and 00, in base 36."""
    value = int("".join(str(int(c, 36)) for c in account + country + "00"))
    return f"{country}{98 - value % 97:02d}{account}"


def with_luhn(digits: str) -> str:
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return digits + str(-total % 10)


def mrz_check(field: str) -> str:
    values = [0 if c == "<" else int(c, 36) for c in field]
    return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)


@_SETTINGS
@given(st.sampled_from(_COUNTRIES), st.data())
def test_every_countrys_iban(country: str, data: st.DataObject) -> None:
    length = (iban_length(country) or 0) - 4
    account = data.draw(st.text(string.digits, min_size=length, max_size=length))
    number = iban(country, account)
    for shown in (number, grouped(number), grouped(number).lower(), f"IBAN: {number}."):
        assert types(shown) == ["iban"], shown
    broken = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert "iban" not in types(grouped(broken))


@_SETTINGS
@given(st.sampled_from(_ISSUERS), st.data())
def test_every_issuers_card(issuer: tuple[str, int], data: st.DataObject) -> None:
    prefix, length = issuer
    rest = length - len(prefix) - 1
    number = with_luhn(prefix + data.draw(st.text(string.digits, min_size=rest, max_size=rest)))
    for shown in (number, grouped(number), grouped(number, 4, "-")):
        assert "credit_card" in types(shown), shown
    broken = number[:-1] + str((int(number[-1]) + 5) % 10)
    assert "credit_card" not in types(broken)


@pytest.mark.parametrize("kind", ["FIXED_LINE", "MOBILE"])
def test_example_numbers_of_every_region_are_found(kind: str) -> None:
    """What each numbering plan itself gives as an example, written internationally."""
    wanted = getattr(phonenumbers.PhoneNumberType, kind)
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    examples = [
        phonenumbers.format_number(number, style)
        for region in phonenumbers.SUPPORTED_REGIONS
        if (number := phonenumbers.example_number_for_type(region, wanted)) is not None
    ]
    missed = [text for text in examples if "phone" not in types(text)]
    assert len(examples) > 200
    assert len(missed) <= 0.02 * len(examples), missed


@pytest.mark.parametrize("region", ["US", "GB", "DE", "FR"])
def test_national_examples_of_configured_regions_are_found_when_they_are_called_so(
    region: str,
) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE)
    assert number is not None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert types(f"Tel: {text}") == ["phone"]
    assert types(f"Order {text.replace(' ', '').strip('()')}") == []


@_SETTINGS
@given(st.integers(20 << 24, (223 << 24) + 0xFFFFFF))
def test_addresses_of_hosts(value: int) -> None:
    address = ipaddress.IPv4Address(value)
    expected = [] if address.is_loopback else ["ip_address"]
    assert types(f"from {address}") == expected
    assert types(f"version {address}") == []


@_SETTINGS
@given(st.integers(0x2000 << 96, 0xFE7F << 96), st.integers(1, 0xFFFF))
def test_long_addresses_written_short_and_long(network: int, host: int) -> None:
    address = ipaddress.IPv6Address(network << 16 | host)
    assert types(str(address)) == ["ip_address"]
    assert types(address.exploded) == ["ip_address"]


_LETTERS = st.text(string.ascii_uppercase, min_size=2, max_size=12)


@_SETTINGS
@given(_LETTERS, _LETTERS, st.text(string.ascii_uppercase + string.digits, min_size=9, max_size=9))
def test_passports_of_icao_9303(surname: str, given_name: str, number: str) -> None:
    names = f"P<UTO{surname}<<{given_name}".ljust(44, "<")
    born, until = "740812", "320415"
    line = f"{number}{mrz_check(number)}UTO{born}{mrz_check(born)}F{until}{mrz_check(until)}"
    line = line.ljust(43, "<") + "0"
    assert types(f"{names}\n{line}") == ["passport", "passport"]
    assert types(names.replace("O", "0")) == ["passport"]
    if not number[0].isdigit():  # a line that begins as names do is one, whatever its checks
        return
    wrong = str((int(mrz_check(born)) + 1) % 10)
    broken = f"{number}{mrz_check(number)}UTO{born}{wrong}F{until}{mrz_check(until)}".ljust(44, "<")
    assert "passport" not in types(broken)


_BIRTH_WORDS = {
    "en": ("DOB", "Date of birth", "Born on", "D.O.B."),
    "de": ("Geburtsdatum", "geboren am", "geb.", "Geburtstag"),
    "fr": ("Date de naissance", "né le", "née le"),
    "es": ("Fecha de nacimiento", "nacido el", "nacida el"),
    "it": ("Data di nascita", "nato il", "nata il"),
    "pt": ("Data de nascimento", "nascido em"),
    "nl": ("Geboortedatum",),
}
_MONTH_WORDS = {
    "en": ("5 March 1990", "March 5, 1990"),
    "de": ("5. März 1990",),
    "fr": ("5 août 1990",),
    "es": ("5 de noviembre de 1990",),
    "it": ("5 giugno 1990",),
    "pt": ("5 de fevereiro de 1990",),
    "nl": ("5 mei 1990",),
}


@pytest.mark.parametrize("language", sorted(_BIRTH_WORDS))
@pytest.mark.parametrize("date", ["05/03/1990", "05.03.1990", "5-3-90", "1990-03-05"])
def test_births_in_seven_languages(language: str, date: str) -> None:
    for word in _BIRTH_WORDS[language]:
        assert "date_of_birth" in types(f"{word}: {date}"), (word, date)
    for written in _MONTH_WORDS[language]:
        assert "date_of_birth" in types(f"{_BIRTH_WORDS[language][0]} {written}"), written
    assert types(date) == []
    assert types(f"Printed {date}") == []


@_SETTINGS
@given(st.from_regex(r"[a-z]{2,10}[._]?[a-z0-9]{1,8}", fullmatch=True), st.data())
def test_addresses_as_ocr_leaves_them(local: str, data: st.DataObject) -> None:
    gap, dot = (data.draw(st.sampled_from(["", " "])) for _ in range(2))
    at = data.draw(st.sampled_from(["@", "©", "(at)", "[at]"]))
    point = data.draw(st.sampled_from([".", ","]))
    text = f"{local}{gap}{at}{gap}example{point}{dot}com"
    assert "email" in types(text), text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fe80::1", True),
        ("2001:db8::1", True),
        ("12:34:56", False),
        ("std::dec", False),
        ("face::add", False),
        ("::1", False),
        ("00:1A:2B:3C:4D:5E", False),
    ],
)
def test_what_has_colons_is_not_always_an_address(text: str, found: bool) -> None:
    assert (types(text) == ["ip_address"]) == found


@pytest.mark.parametrize("near", ["", "(", "<", '"', "Mail: ", "\n"])
@pytest.mark.parametrize("after", ["", ")", ">", '"', ".", ",", "\n", " or call"])
def test_an_address_between_anything(near: str, after: str) -> None:
    (match,) = PATTERNS.find(f"{near}jane.doe@example.com{after}")
    assert (match.type, match.text) == ("email", "jane.doe@example.com")


@_SETTINGS
@given(st.text(st.sampled_from("0123456789 -./\n:OlI@<"), max_size=400))
def test_long_runs_of_digits_and_signs_are_read_in_their_order(text: str) -> None:
    found: list[Any] = list(PATTERNS.find(text))
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))
    assert all(text[match.start : match.end] == match.text for match in found)
