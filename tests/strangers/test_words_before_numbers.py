"""A number is judged by the words before it, never by letters inside a word or a name."""

from __future__ import annotations

import pytest

from engines.privacy.config import PiiConfig
from engines.privacy.pii import PatternPii
from engines.privacy.pii.words.context import ADDRESS, NOT_PERSONAL, PHONE, VERSION, preceded_by

PII = PatternPii(PiiConfig().phone_regions)


def types(text: str) -> list[str]:
    return [match.type for match in PII.find(text)]


NAMES = [
    *("David", "Ingrid", "Astrid", "Madrid", "Enid", "Sigrid"),  # id
    *("Filippo", "Jacopo", "Hippo", "Tempo"),  # po
    *("Charlot", "Camelot", "Pilot"),  # lot
    *("Bonaparte", "Rampart", "Ducasse", "Lacase", "Homepage", "Lepage", "Soundtrack"),
    *("Supermodel", "Bordermodel", "Border", "Recorder", "Lorenzino", "Sean", "Jocelyn Ean"[:7]),
    *("Eisenberef", "Josef Kobref", "Gebuild", "Kostelref", "Szczepan Wisn", "Zosia Kasn"),
    *("Élodie Müllerid", "José Galíndopo", "Jürgen Großlot", "Łukasz Świdid", "Dávid", "Frédérid"),
    *("Davi\u0301d", "Rene\u0301id", "Ян Давид", "Ünalid"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_ends_like_a_word_hides_no_number(name: str) -> None:
    """Beside the number some of these are found as the names of people, too."""
    for number in ("(415) 555-2671", "415-555-2671"):
        assert types(f"{name} {number}")[-1] == "phone", number
    assert types(f"{name} 4111111111111111")[-1] == "credit_card"
    assert types(f"{name} 123-45-6789")[-1] == "ssn"


CLEARING = [
    *("order", "id", "ID", "po", "lot", "sn", "pn", "ref", "case", "page", "Rechnung", "Ref."),
    *("Bestellnummer", "Rechnungs-Nr.", "Order no.", "facture", "pedido", "fattura", "Lote"),
]


@pytest.mark.parametrize("word", CLEARING)
def test_the_word_itself_still_says_that_the_number_is_no_phone(word: str) -> None:
    assert "phone" not in types(f"{word} 415-555-2671")
    assert "phone" not in types(f"{word}: 415-555-2671")


@pytest.mark.parametrize("word", ["Page", "Case", "Lot", "Part", "Call to order"])
def test_a_number_written_as_a_phone_is_one_after_a_surname_that_is_a_word(word: str) -> None:
    assert types(f"{word} (415) 555-2671") == ["phone"]


@pytest.mark.parametrize("script", ["Ян", "太郎", "محمد", "नमन", "Ελ", "É", "ß"])
def test_a_name_of_any_script_between_word_and_number_ends_what_the_word_says(script: str) -> None:
    assert types(f"id {script} 415-555-2671") == ["phone"]


@pytest.mark.parametrize(
    "name", ["Server", "Denver", "Oliver", "River", "Maldiv", "Wissensec", "Barrel", "Zuverrev"]
)
def test_a_word_that_ends_like_version_hides_no_address(name: str) -> None:
    assert types(f"{name} 203.0.113.77") == ["ip_address"]


@pytest.mark.parametrize("word", ["v", "ver", "Version", "rev.", "release", "sec"])
def test_versions_are_still_versions(word: str) -> None:
    assert types(f"{word} 203.0.113.77") == []


@pytest.mark.parametrize(
    "text", ["Hotel 4155552671", "Motel 4155552671", "Rocall 4155552671", "Context 4155552671"]
)
def test_a_word_that_ends_like_phone_makes_no_number_a_phone(text: str) -> None:
    assert types(text) == []


@pytest.mark.parametrize(
    "text", ["template A12 B345", "Vorplate AB123", "Renato il 12/03/1990", "stubborn 12/03/1990"]
)
def test_a_word_that_ends_like_a_document_is_none(text: str) -> None:
    assert types(text) == []


PHONES = [
    *("Tél 0142685300", "Tél. 0142685300", "Tél:0142685300", "Mobil 01712345678"),
    *("Mobil: 01712345678", "Tlf. 912345678", "Tlf 912345678", "Handynummer 01712345678"),
    *("Telefonnummer: 030901820", "Mobiltelefon 01712345678", "Móvil 612345678"),
    *("Cellulare 3401234567", "Rufnummer 030901820", "tel. kom. +48 601 234 567"),
    *("TÉL 0142685300", "Portable 0612345678"),
]


@pytest.mark.parametrize("text", PHONES)
def test_a_number_called_a_phone_in_any_language_is_one(text: str) -> None:
    assert types(text) == ["phone"]


NO_PHONES = [
    *("06 07 08 09 10", "04 11 23 35 42", "10 11 12 13 14", "01 02 03 04 05 06", "02 04 06 08 10"),
    *("0800 - 1700", "0900-1730", "08.00-18.30", "0930 - 1815", "10 09 08 07 06"),
    *("Bestellnummer 0301234567", "Version 06.12.34.56", "Rechnungsnummer 030 1234567"),
]


@pytest.mark.parametrize("text", NO_PHONES)
def test_rows_hours_and_orders_are_no_phones(text: str) -> None:
    assert "phone" not in types(text)


@pytest.mark.parametrize("number", ["06 12 34 56 78", "01 42 68 53 00", "06 07 08 09 51"])
def test_numbers_that_only_look_a_little_like_a_row_are_phones(number: str) -> None:
    assert types(number) == ["phone"]


@pytest.mark.parametrize("pattern", [PHONE, NOT_PERSONAL, VERSION, ADDRESS])
def test_a_letter_before_or_behind_a_word_makes_another_word(pattern: object) -> None:
    """Each list, by its own first words, with letters of several alphabets glued to them."""
    words = {PHONE: "tel", NOT_PERSONAL: "id", VERSION: "rev", ADDRESS: "ip"}
    word = next(word for known, word in words.items() if known is pattern)
    assert isinstance(pattern, type(PHONE))
    assert preceded_by(pattern, f"{word}: 1", len(word) + 2)
    for letter in ("a", "É", "ł", "ß", "я", "e\u0301", "ñ"):
        glued = f"{letter}{word} "
        assert not preceded_by(pattern, glued + "1", len(glued)), glued
        glued = f"{word}{letter} "
        assert not preceded_by(pattern, glued + "1", len(glued)), glued


def test_a_word_that_the_window_cuts_is_no_word() -> None:
    for length in range(20, 60):
        text = "x" * length + "id " + "1"
        assert not preceded_by(NOT_PERSONAL, text, len(text) - 1)
