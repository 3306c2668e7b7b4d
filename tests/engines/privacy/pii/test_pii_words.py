"""Names and addresses that a form or a title tells, in eight languages, and the files of words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engines.privacy.config import PiiConfig
from engines.privacy.pii import PatternPii
from engines.privacy.pii.numbers.national import validity
from engines.privacy.pii.words import lexicon
from engines.privacy.pii.words.lexicon import LANGUAGES, any_of, listed, schemes

PII = PatternPii(PiiConfig().phone_regions)
FOLDER = Path(lexicon.__file__).parent


def found(text: str) -> list[tuple[str, str]]:
    return [(match.type, match.text) for match in PII.find(text)]


def types(text: str) -> set[str]:
    return {match.type for match in PII.find(text)}


NAMES = {
    "Mr John A. Smith": "John A. Smith",
    "Dr. Emily Carter": "Emily Carter",
    "First name: Laura": "Laura",
    "Signed: Robert Brown": "Robert Brown",
    "Frau Dr. Sabine Weiß": "Sabine Weiß",
    "z. Hd. Peter Lang": "Peter Lang",
    "NACHNAME: BECKER": "BECKER",
    "Prénom : Marie-Claire": "Marie-Claire",
    "Monsieur Paul Girard": "Paul Girard",
    "M. Jean-Pierre Martin": "Jean-Pierre Martin",
    "Sra. Carmen Ruiz": "Carmen Ruiz",
    "Apellidos FERNÁNDEZ GÓMEZ": "FERNÁNDEZ GÓMEZ",
    "Sig.ra Anna Ferrari": "Anna Ferrari",
    "Cognome\nRossi": "Rossi",
    "Naam: Jan de Vries": "Jan de Vries",
    "Geachte heer Van den Berg": "Van den Berg",
    "Pani Maria Wiśniewska": "Maria Wiśniewska",
    "Imie: Anna": "Anna",
    "Nome completo: João da Silva": "João da Silva",
}


@pytest.mark.parametrize("text", NAMES)
def test_a_name_that_a_title_or_a_form_tells_is_found(text: str) -> None:
    assert found(text) == [("name", NAMES[text])]


@pytest.mark.parametrize(
    "text",
    [
        *("Dr. Pepper", "Mr. Clean", "Dear customer", "Frau Holle", "Herr der Ringe", "Dresden"),
        *("File name: Report Final", "Brand name: Acme Tools", "Name your price", "Don Quijote"),
        *("Pan Tadeusz", "Pan con tomate", "Name of the Rose", "Sehr geehrte Damen und Herren"),
        *("Madame, Monsieur", "Patient entrance", "M. & M.", "Springfield Elementary"),
        *("Signature", "PANORAMA", "Mrsa", "Drive In", "the Misses", "Username required"),
    ],
)
def test_words_that_only_look_like_a_title_are_nobody(text: str) -> None:
    assert "name" not in types(text)


ADDRESSES = [
    *("221B Baker Street, London NW1 6XE", "1600 Amphitheatre Pkwy, Mountain View, CA 94043"),
    *("PO Box 1420, Austin, TX 78767", "111 Wellington St, Ottawa K1A 0A9"),
    *("Hauptstraße 12, 10115 Berlin", "Hauptstr. 12\n10115 Berlin", "Am Markt 7, 28195 Bremen"),
    *("Mariahilfer Strasse 88, 1070 Wien", "Postfach 10 12 34, 50452 Köln"),
    *("12 rue de la Paix, 75002 Paris", "5 bis avenue Jean Jaurès\n69007 Lyon"),
    *("Calle Mayor 15, 28013 Madrid", "Avda. Diagonal 640, 08017 Barcelona"),
    *("Via Roma 10, 00184 Roma", "Via G. Verdi, 8 - 37121 Verona (VR)"),
    *("Damstraat 14, 1012 JM Amsterdam", "Stationsplein 1\n3511 ED Utrecht"),
    *("ul. Długa 3/4\n31-147 Kraków", "Damweg 3, 9000 Gent"),
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_a_street_with_a_postal_code_and_a_place_is_an_address(text: str) -> None:
    ((kind, shown),) = found(text)
    assert kind == "address"
    assert text.startswith(shown[:8])


@pytest.mark.parametrize(
    "text",
    [
        *("Main Street", "Hauptstraße 12", "Wall Street 1987", "Einbahnstraße", "10115 Berlin"),
        *("Autostrada A4", "21 Jump Street", "Radweg 5 km", "Parkplatz 12", "1500 Meter"),
        *("Via Appia", "Platz 3 von 20000 Teams", "AB 12345 Parts", "12 places, 20 000 m"),
    ],
)
def test_a_sign_of_a_street_or_a_town_alone_is_no_address(text: str) -> None:
    assert "address" not in types(text)


def test_the_box_of_an_address_is_from_the_street_to_the_place() -> None:
    text = "Jane\nHauptstraße 12\n10115 Berlin\nGermany"
    assert found(text) == [("address", "Hauptstraße 12\n10115 Berlin")]


BIRTHS = [
    *("b. 17/08/1962", "born in Berlin on 3 May 1980", "nata a Roma il 5 ottobre 1992"),
    *("né(e) le 23/11/1981", "*12.06.1948", "Nac.: 07/07/1977", "ur. 14 maja 1986"),
    *("urodzona dnia 9 października 1999", "geboren te Gent op 8 maart 1983"),
    *("nato a Torino, 3 marzo 1959", "Nascido em 3 de dezembro de 1980"),
]


@pytest.mark.parametrize("text", BIRTHS)
def test_a_date_that_is_called_a_birth_in_words_is_found(text: str) -> None:
    assert types(text) == {"date_of_birth"}


@pytest.mark.parametrize("text", ["Ch.-B. 20231105", "born in the USA", "5*12.06.1948", "Vol. b 3"])
def test_other_dates_are_no_births(text: str) -> None:
    assert "date_of_birth" not in types(text)


PHONES = [
    *("tel. 22 443 14 00", "zadzwoń 502 345 678", "Tel. 020 624 1111", "Tel 01 679 9000"),
    *("Tel. 044 632 11 11", "Tel 02 511 23 45", "ligue para 912 345 678", "mob 0412 345 678"),
]


@pytest.mark.parametrize("text", PHONES)
def test_a_number_of_a_neighbour_country_that_is_called_a_phone_is_one(text: str) -> None:
    assert types(text) == {"phone"}


@pytest.mark.parametrize(
    "text", ["22 443 14 00", "502 345 678 zł", "4 8 15 16 23 42", "2 3 5 7 11 13 17", "1 2 3 4 5 6"]
)
def test_the_same_numbers_without_a_word_are_none(text: str) -> None:
    assert types(text) == set()


def test_every_language_has_its_own_words_for_what_matters_most() -> None:
    for language in LANGUAGES:
        words = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        for kind in ("phone", "birth", "months", "not_personal", "title", "name_field", "plate"):
            assert words[kind], (language, kind)
        assert words.keys() & {"street_before", "street_behind", "street_end"}, language


def test_every_file_of_words_is_used_and_in_lower_case() -> None:
    others = {"numbers", "keys", "famous", "given", "surnames", "eastern"}
    assert {path.stem for path in FOLDER.glob("*.toml")} == {*LANGUAGES, *others}
    for path in FOLDER.glob("*.toml"):
        for words in tomllib.loads(path.read_text(encoding="utf-8")).values():
            assert all(word == word.lower() for word in words if isinstance(word, str)), path


@pytest.mark.parametrize(
    "kind", ["phone", "birth", "title", "name_field", "street_before", "plate"]
)
def test_every_word_is_found_as_it_stands_in_capitals_and_without_accents(kind: str) -> None:
    pattern = re.compile(any_of(kind), re.IGNORECASE)
    for word in listed(kind):
        for shown in (word, word.upper() if "ß" not in word else word):
            assert pattern.fullmatch(shown), shown
    assert re.compile(any_of("name_field"), re.IGNORECASE).fullmatch("Prenom")
    assert re.compile(any_of("birth"), re.IGNORECASE).fullmatch("ne\u0301e")


def test_a_full_stop_of_a_short_word_is_part_of_it() -> None:
    pattern = re.compile(any_of("birth"), re.IGNORECASE)
    assert pattern.fullmatch("b.")
    assert not pattern.fullmatch("b")
    assert pattern.fullmatch("geb")


def test_every_scheme_asks_a_standard_that_refuses_nonsense() -> None:
    for scheme in schemes():
        assert scheme.words
        for module in scheme.modules:
            assert not validity(module)("nonsense"), module


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            ("Client name: Priya", "name"),
            ("Nome: Ludovica", "name"),
            ("Guest's name: Bo Ek", "name"),
        ),
        *(("Firma: Anna Valli", "name"), ("Frau Professorin\nName: Heike", "name")),
        *(("N.I.F.: 00000023T", "national_id"), ("N.H.S. 943 476 5919", "national_id")),
        *(("Rentenversicherungsnummer 65 180539 W 001", "national_id"),),
        *(
            ("Seguridad Social: NUSS 281234567840", "national_id"),
            ("matriculada 1234 BCD", "license_plate"),
        ),
        *(("immatriculé AB-123-CD", "license_plate"), ("D.D.N. 01/02/1990", "date_of_birth")),
        *(
            ("Celular (11) 91234-5678", "phone"),
            ("Av. Paulista 1000, 01310-100 São Paulo", "address"),
        ),
    ],
)
def test_words_of_forms_in_their_other_shapes(text: str, kind: str) -> None:
    assert kind in types(text)


@pytest.mark.parametrize(
    "text",
    [
        *("1.414213562", "0,333333333", "Name: none", "File name: Sunset.png", "Nome: default"),
        *("Rentenversicherungsnummer 65 1805", "NUSS 28123456", "Product name: Rocket"),
        *("N.I.F. 0023A", "Our name: quality", "Madame Bovary"),
    ],
)
def test_decimals_wrong_checks_and_names_of_things_are_nothing(text: str) -> None:
    assert types(text) <= {"url"}
