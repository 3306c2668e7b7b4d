"""Names behind labels of any kind, and the words of a form between a label and its value."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii

NAMES = (
    "Mitarbeiter: Lindner, Petra",
    "Naam: de Vries, Jan",
    "Bride: Hannah Louise Farrow",
    "Abholer: Matthias Voss",
    "Rezept für: Nele Baumann",
    "Leser/in: Drewes, Annika",
    "No list has these words: Annika Drewes",
    "Ja, niżej podpisany Adam Król",
    "Yo, Pedro Galán, declaro",
    "Served by Daniel Okafor",
    "En caso de emergencia avisar a Rosa Vidal",
    "Dear Jonathan Pierce,",
    "Familie Schuster",
    "HARGREAVES/JOHN MR",
    "Aldus getekend te Zwolle,\nFatima el Amrani",
    "Madame Le Bris",
    "Patient:FARRELL,Siobhan",
    "Certificate for Kayleigh Burrows",
    "Beschwerde von Bettina Holland eingegangen",
    "Fahrer:in: Anton Wolak",
    "Account holder: B J THORNBERRY",
)
OTHERS = {
    "phone": (
        "numero 0612843755",
        "Idraulico: 02/48.33.10.27",
        "Żłobek: 12 634 80 17",
        "Dial 0044 7911 552 038",
        "Mob07700900318",
    ),
    "national_id": ("DNI del socio 40658289-Q", "ID-nummer 111222333", "N.I. AB123456C"),
    "bank_account": ("n° de compte 0500013026", "Acc 31926819 Sort 60-16-13"),
    "license_plate": ("Parkplatz 12: F-KL 889", "PCN issued to DE14 HVR"),
    "date_of_birth": (
        "Born: Apr-03-1978",
        "DOB: 0 3 / 0 4 / 1 9 7 8",
        "Birth date: 3 | 4 | 1978",
        "Geburts-\ndatum\n14.02.1981",
    ),
    "credential": ("clave del wifi: Sol_2026",),
    "email": ("aurelie.castaing arobase laposte.net",),
    "passport": ("Dowód seria DBK nr 418 207",),
    "address": ("Ulica: Długa 14 Kod: 31-147 Kraków", "woont op Dorpsstraat 12"),
}
HARMLESS = (
    "Film: Anna Karenina",
    "Hotel: Victoria Palace",
    "Signora Ava, romanzo",
    "Docteur House, saison 3",
    "Client: Windows, Linux",
    "Teil-Nr. 0451-3877-204",
    "Catalogue no. 805-175-7033",
    "Note: Please Return Soon",
    "I, Robot, 2004",
    "Mr Whippy 99p",
    "Dear Valued Customer,",
    "Imię:\nData:\nPodpis:",
    "Mrs Brown's Boys",
    "Roman von Thomas Mann",
    "under the GNU General Public License",
)


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_found_whatever_calls_it_so(patterns: PatternPii, text: str) -> None:
    assert "name" in {match.type for match in patterns.find(text)}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in OTHERS.items() for text in texts]
)
def test_it_is_found_behind_its_label(patterns: PatternPii, kind: str, text: str) -> None:
    assert kind in {match.type for match in patterns.find(text)}


@pytest.mark.parametrize("text", HARMLESS)
def test_works_places_and_references_are_left_alone(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []
