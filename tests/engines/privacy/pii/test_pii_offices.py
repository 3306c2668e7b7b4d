"""Surnames behind titles of offices, names of East Asia, Ireland and Arabia, registers of presence;
and characters, wares, teams and rulers in the same places."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from tests.engines.privacy.pii.found import names_in
from tests.security.hostile_input.doubling import grows_linearly


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sgt. Trevethick", "Trevethick"),
        ("Ask Coach Ramsbottom about the kit", "Ramsbottom"),
        ("Pfarrer i.R. Obermoser", "Obermoser"),
        ("L'inspectrice Gaudin a appelé", "Gaudin"),
        ("Hermana Visitación", "Visitación"),
        ("Appuntato scelto Scognamiglio", "Scognamiglio"),
        ("Wijkagent van der Zwaag", "van der Zwaag"),
        ("Starszy sierżant Dudziak", "Dudziak"),
        ("ks. Wawrzyniak", "Wawrzyniak"),
        ("Rodzina pp. Zielińskich", "Zielińskich"),
        ("Sgt. Baker", "Baker"),
    ],
)
def test_behind_a_title_of_an_office(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


def test_things_and_characters_behind_such_a_title(patterns: PatternPii) -> None:
    texts = (
        *("Nurse Station", "Coach House", "General Store", "Chef Salad", "Doctor Who"),
        *("Captain America", "Sergeant Pepper", "Professor Layton", "Kommissar Rex"),
        *("Père Noël", "Capitán Trueno", "Suor Angela", "Kapitein Haak", "Ojciec Mateusz"),
        *("Trainer Ausbildung", "Siostra oddziałowa", "Tromba di Eustachio", "Captain Cook Hotel"),
        *("Institut Pasteur Paris", "das interne Format", "Sergeant Major"),
    )
    assert [text for text in texts if names_in(patterns, text)] == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tisch 9 reserviert für Ramsbottom", ["Ramsbottom"]),
        ("Réservation au nom de Kerbrat", ["Kerbrat"]),
        ("U werd geholpen door: Famke", ["Famke"]),
        ("Taquilla 9: Zabaleta V.", ["Zabaleta V."]),
        ("Kluisje 8 Hazewinkel", ["Hazewinkel"]),
        ("55' Scognamiglio (rig.)", ["Scognamiglio"]),
        ("Lane 4: K. Ramsbottom 58.21", ["K. Ramsbottom"]),
        ("Early shift: Ramsbottom, Patel", ["Ramsbottom", "Patel"]),
        ("Chauffeur de bus : Vasseur", ["Vasseur"]),
        ("Stem op Hanneke Hazewinkel", ["Hanneke Hazewinkel"]),
    ],
)
def test_a_surname_behind_words_that_call_a_person(
    patterns: PatternPii, text: str, names: list[str]
) -> None:
    assert names_in(patterns, text) == names


def test_no_surname_behind_such_words(patterns: PatternPii) -> None:
    texts = (
        *("Table 7 - Window seat", "reserved for Staff", "Posto auto Disabili", "Bett 12: Bezug"),
        *(
            "Parkplatz 4: Gesperrt",
            "Early shift: 6 to 2",
            "Tor 3: Anlieferung",
            "San Pellegrino 1 L",
        ),
    )
    assert [text for text in texts if names_in(patterns, text)] == []


@pytest.mark.parametrize(
    "name",
    [
        *("Đặng Quốc Bảo", "Nguyen Van Hung", "Ouyang Mingxia", "Chen Mei Hua", "Park Ji-hye"),
        *("Watanabe Hiroshi", "Caoimhe Ní Dhomhnaill", "Cathal Ó Murchú", "Omar Al-Farsi"),
        *("Ali ibn Hassan", "Oksana Hrytsenko", "Olumide Adewale", "Sólveig Ragnarsdóttir"),
    ],
)
def test_names_of_other_countries(patterns: PatternPii, name: str) -> None:
    assert names_in(patterns, f"Room 3\n{name}") == [name]


def test_other_words_of_these_countries(patterns: PatternPii) -> None:
    texts = ("Abu Dhabi", "Wu Tang Clan", "Phở Bò Hà Nội", "Feng Shui", "Im Link-Modus")
    assert [text for text in texts if names_in(patterns, text)] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("DELL'ORTO Giampaolo – assente", "DELL'ORTO Giampaolo"),
        ("Veldhuis, P.J. – afgemeld", "Veldhuis, P.J."),
        ("El-Masri, Samir – Gruppe Igel", "El-Masri, Samir"),
        ("URRUTIA LASA, Nerea: no apta", "URRUTIA LASA, Nerea"),
        ("Nowak Barbara - nieobecna", "Nowak Barbara"),
        ("PIETRENKO Oksana, pokój 3", "PIETRENKO Oksana"),
        ("v. Lüttwitz, Konrad (3a)", "v. Lüttwitz, Konrad"),
        ("De Clercq Annelies, klas 4B", "De Clercq Annelies"),
    ],
)
def test_in_a_register(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


def test_wares_teams_and_rulers(patterns: PatternPii) -> None:
    texts = (
        *("Górnik Zabrze - Lech Opole 2:2", "Elisa Erdbeeren, 4,99 € das Kilo"),
        *(
            "Clara Frijns, 3,20 € per kilo",
            "Henri Quatre, roi de France",
            "PIZZA Margherita – 8,50",
        ),
        *(
            "Segelschiff Albert Hansen legt ab",
            "HMS Fiona, 80 m",
        ),
        *("Good Company, by Anna Berger", "Elisa Amaro, 70 cl", "Deputy Store Manager"),
        *("Anna Berger, contes choisis", "Chapter Nine: The End", "Akademia Pana Kleksa"),
        *("Hortensia Emilia", "HMS Fiona sailed", "Elena y Rosaura", "Don Melchor 2018"),
        *("Kafka, Franz: Das Schloss", "Room 9 Picasso", "Red River", "Ville de Rennes"),
        *("Centro de Salud Doctor Fleming", "Los prometidos, cap. VIII", "Bible John 3:16-18"),
        *("Bible, John 3:16", "Trainer: Adidas", "Maladie de Lyme"),
        *("Alfonso Soria, rey de Castilla", "Roscos de Antonio Machuca", "MÜNCHEN Ost – Gleis 3"),
    )
    assert [text for text in texts if names_in(patterns, text)] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Am 9. Juli 2025 kam unser Sohn zur Welt", "date_of_birth"),
        ("Op 8 oktober 2024 is onze dochter geboren", "date_of_birth"),
        ("Korepetycje z chemii, Kuba 509-337-184", "phone"),
        ("moved to 9B Fernhill Terrace, Cork T12 K7P4", "address"),
        ("KR 7M218 – miejsce 14", "license_plate"),
        ("AB-123-CD feux allumés", "license_plate"),
        ("please move LK19 ABC", "license_plate"),
        ("La niña nació el pasado 11 de noviembre de 2023", "date_of_birth"),
        ("è nata la nostra bimba, 18/12/2024", "date_of_birth"),
        ("Oddam szczenięta, Kuba 530-27-18-64", "phone"),
        ("wachtwoord DigiD = Stoel!Tak2Room", "credential"),
        ("Unsere Omi Hildegund Hansen wird 90", "name"),
        ("Mochila de Vega Zabaleta", "name"),
        ("Deine Patentante Irmtraud Hansen", "name"),
    ],
)
def test_data_before_or_far_from_the_word_that_tells_it(
    patterns: PatternPii, text: str, kind: str
) -> None:
    assert [match.type for match in patterns.find(text)] == [kind]


def test_a_card_before_its_date(patterns: PatternPii) -> None:
    found = patterns.find("carte bleue 4111111111111111 11/26")
    assert [match.type for match in found] == ["credit_card"]


@pytest.mark.parametrize(
    "text",
    [
        "MS Rheinperle, Abfahrt 9:30",
        "Don Camillo e Fernandel, replica lunedì",
        "Stella Marina e Bocca di Rosa",
        "Klassenlektüre: Urfaust von Johann Wolfgang von Goethe",
        "Przesyłka 6200 4471 9380 0016 3350 1184",
    ],
)
def test_ships_pairs_works_and_numbers_of_parcels(patterns: PatternPii, text: str) -> None:
    assert [match.type for match in patterns.find(text)] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ms Tanner, room 4", "name"),
        ("MS TANNER, ROOM 4", "name"),
        ("6200 4471 9380 0016 12 28", "credit_card"),
        ("4111 1111 1111 1111 5555 5555 5555 4444", "credit_card"),
    ],
)
def test_but_a_woman_and_cards_are(patterns: PatternPii, text: str, kind: str) -> None:
    assert kind in {match.type for match in patterns.find(text)}


@pytest.mark.parametrize(
    "piece", ["Sgt. ", "Wang Wei ", "Goals: Marsh, ", "WEBER Anna - ", "Anna - B 1:0 "]
)
def test_work_grows_with_the_length_of_a_hostile_text(patterns: PatternPii, piece: str) -> None:
    assert grows_linearly(patterns.find, lambda length: piece * (length // len(piece)), 4000)
