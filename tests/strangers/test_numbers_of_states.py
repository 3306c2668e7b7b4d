"""Numbers that states give to persons, as forms and cards show them."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from stdnum import iban as registry
from stdnum.br import cpf
from stdnum.dk import cpr
from stdnum.es import dni
from stdnum.no import fodselsnummer

from engines.privacy.config import PiiConfig
from engines.privacy.pii import PatternPii
from engines.privacy.pii.numbers.checksums import iban_length

MISSED = (*("BI", "DJ", "FK", "HN", "MN", "NI"), *("OM", "RU", "SD", "SO", "YE"))
PII = PatternPii(PiiConfig().phone_regions)

CALLED = [
    *("DNI 12345678Z", "DNI: 12.345.678-Z", "dni 12345678 Z", "NIE X1234567L", "NIF: 12345678Z"),
    *("Steuer-ID 36574261809", "Steuer-IdNr.: 36 574 261 809", "IdNr 36574261809"),
    *("N° sécurité sociale 2 95 10 99 126 111 93", "NIR: 295109912611193"),
    *("NI number AB 12 34 56 C", "National Insurance No: AB123456C", "NINO AB123456C"),
    *("NHS number 943 476 5870", "Codice fiscale RCCMNL83S18D969H", "BSN 111222333"),
    *("PESEL 44051401359", "PESEL: 44051401359", "Rijksregisternummer 85.07.30-033 28"),
    *("CPF 390.533.447-05", "AHV-Nr. 756.9217.0769.85", "Personnummer 880320-0016"),
    *("CPR 211062-5629", "HETU 131052-308T", "Aadhaar 2341 2341 2346", "PAN ACUPA7085R"),
    *("SIN 123-456-782", "TFN 123 456 782", "DNI n.º 12345678Z", "DNI no. 12345678Z Madrid"),
]
ALONE = [
    *("RCCMNL83S18D969H", "2 95 10 99 126 111 93", "756.9217.0769.85", "AB 12 34 56 C"),
]
MISREAD = [
    *("DNI 12345678A", "Steuer-ID 36574261808", "PESEL 44051401358", "BSN 111222334"),
    "Codice fiscale RCCMNL83S18D969A",
]
"""Of the right form and behind their name; the check digit is wrong, as where one was misread."""
NOT = [
    *("NI number BG 12 34 56 C", "AB 12 34 56 E", "12345678Z", "44051401359", "111222333"),
    *("Order 36574261809", "Alumni 12345678Z", "Pesellino 44051401359", "756.9217.0769.86"),
    *("span ACUPA7085R", "RCCMNL83S18D969A", "2 95 10 99 126 111 94", "44051401358", "111222334"),
    *("Order 36574261808", "Pesellino 44051401358", "PESEL 4405140135", "BSN 1112223341"),
    *("Raisin 123-456-782", "DNI", "PESEL:", "NI number AB", "BSN no number here"),
]


def types(text: str) -> list[str]:
    return [match.type for match in PII.find(text)]


@pytest.mark.parametrize("text", CALLED)
def test_a_number_called_by_its_name_is_found(text: str) -> None:
    assert types(text) == ["national_id"]


@pytest.mark.parametrize("text", MISREAD)
def test_a_number_called_by_its_name_is_found_though_a_digit_was_misread(text: str) -> None:
    assert types(text) == ["national_id"]


@pytest.mark.parametrize("text", ALONE)
def test_a_number_that_leaves_no_doubt_is_found_alone(text: str) -> None:
    assert types(text) == ["national_id"]


@pytest.mark.parametrize("text", NOT)
def test_a_wrong_check_digit_alone_or_a_word_that_only_ends_so_is_none(text: str) -> None:
    assert "national_id" not in types(text)


def test_the_box_ends_with_the_number() -> None:
    found = PII.find("DNI 12345678Z Maria Lopez")
    assert [(match.type, match.text) for match in found] == [
        ("national_id", "12345678Z"),
        ("name", "Maria Lopez"),
    ]


def test_a_country_is_in_the_registry_or_it_has_no_account_numbers() -> None:
    for country in [
        "BI",
        "DJ",
        "FK",
        "HN",
        "MN",
        "NI",
        "OM",
        "RU",
        "SD",
        "SO",
        "YE",
        "DE",
        "FR",
        "GB",
        "NO",
        "MT",
    ]:
        assert iban_length(country) is not None, country
    for country in ("ZZ", "US", "JP", "XX"):
        assert iban_length(country) is None, country


@pytest.mark.parametrize("country", MISSED)
def test_accounts_of_every_country_of_the_registry_are_found(country: str) -> None:
    digits = random.Random(country)
    account = "".join(digits.choice(string.digits) for _ in range((iban_length(country) or 0) - 4))
    number = country + registry.calc_check_digits(f"{country}00{account}") + account
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    assert types(number) == ["iban"]
    assert types(f"IBAN: {grouped}") == ["iban"]


STRICT = [
    ("DNI", 8, dni),
    ("CPF", 11, cpf),
    ("CPR", 10, cpr),
    ("Fødselsnummer", 11, fodselsnummer),
]


@pytest.mark.parametrize(("word", "length", "module"), STRICT)
def test_random_digits_that_a_scheme_does_not_know_are_not_its_numbers(
    word: str, length: int, module: Any
) -> None:
    digits = random.Random(7)
    for _ in range(50):
        number = "".join(digits.choice(string.digits) for _ in range(length))
        known = module.is_valid(number)
        assert ("national_id" in types(f"{word} {number}")) == known
