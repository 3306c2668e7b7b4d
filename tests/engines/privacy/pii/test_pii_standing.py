"""Names without a sentence: on plates, in lists, beside roles, behind wishes; and names of things
and of well-known people in the same places."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from engines.privacy.pii.contact.days import names_in_tables, names_on_days
from engines.privacy.pii.words.given import is_famous
from tests.engines.privacy.pii.found import names_in
from tests.security.hostile_input.doubling import grows_linearly


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Bethany Holroyd", "Bethany Holroyd"),
        ("Per Lindqvist", "Per Lindqvist"),
        ("Sophie Le", "Sophie Le"),
        ("Room 12\nOttavia Brusaferro", "Ottavia Brusaferro"),
        ("MARCHADIER Solène", "MARCHADIER Solène"),
        ("BRUSAFERRO OTTAVIA", "BRUSAFERRO OTTAVIA"),
        ("Bergqvist, Elin M.", "Bergqvist, Elin M."),
        ("Szczepanek Bogumiła", "Szczepanek Bogumiła"),
        ("J. Hazewinkel", "J. Hazewinkel"),
        ("HAZEWINKEL, J.P.", "HAZEWINKEL, J.P."),
        ("BRUSAFERRO TEODOLINDO", "BRUSAFERRO TEODOLINDO"),
        ("Elia degli Innocenti", "Elia degli Innocenti"),
        ("Karl-Heinz Quaddelmann", "Karl-Heinz Quaddelmann"),
        ("Jorrit van den Berg", "Jorrit van den Berg"),
    ],
)
def test_on_a_door_plate(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1. J. Okell\n2. Dario Pontecorvo", ["J. Okell", "Dario Pontecorvo"]),
        ("Salle 3 - Solène Marchadier", ["Solène Marchadier"]),
        ("EG Torben Wiechmann\n1. OG Silke Baumholt", ["Torben Wiechmann", "Silke Baumholt"]),
        ("28A Jorrit Hazewinkel\n28B Famke Oostra", ["Jorrit Hazewinkel", "Famke Oostra"]),
        ("1st Josie Hartnell 21:04", ["Josie Hartnell"]),
        ("Gareth Plumridge (Head of Sales)", ["Gareth Plumridge"]),
    ],
)
def test_in_a_list_with_numbers(patterns: PatternPii, text: str, names: list[str]) -> None:
    assert names_in(patterns, text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Allenatrice Ottavia Brusaferro", "Ottavia Brusaferro"),
        ("P. Marchadier, ostéopathe", "P. Marchadier"),
        ("Tandarts J.W. Hazewinkel", "J.W. Hazewinkel"),
        ("Dr. med. Silke Baumholt", "Silke Baumholt"),
        ("Pacjent: Tadeusz Sowiński", "Tadeusz Sowiński"),
        ("Prenotazione Ottavia Brusaferro", "Ottavia Brusaferro"),
        ("Citofono: Brusaferro - Dessì", "Brusaferro"),
        ("Visitor badge: Keshonna Adebola", "Keshonna Adebola"),
        ("Flauto: Ottavia d'Arcangelo", "Ottavia d'Arcangelo"),
        ("Quaderno di Ottavia Brusaferro", "Ottavia Brusaferro"),
        ("Este cuaderno es de Nuria Belmonte", "Nuria Belmonte"),
        ("Torben & Silke Wiechmann", "Silke Wiechmann"),
        ("Premier prix : Solène Marchadier", "Solène Marchadier"),
        ('It reads "Gareth Plumridge".', "Gareth Plumridge"),
        ("Passenger: DE WIT/JOSIE MEVR", "DE WIT/JOSIE MEVR"),
        ("The Plumridge Family", "Plumridge"),
        ("Approved: J. Hartnell", "J. Hartnell"),
        ("Dr J Hartnell", "J Hartnell"),
        ("À la mémoire d'Agathe Marchadier", "Agathe Marchadier"),
        ("Ich habe gehört, dass Torben Wiechmann nach Ulm zieht", "Torben Wiechmann"),
    ],
)
def test_beside_a_role_or_a_label(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Congratulations, Bethany Holroyd!",
        "Herzlichen Glückwunsch Bethany Holroyd",
        "Joyeux anniversaire Bethany Holroyd !",
        "Met vriendelijke groet, Bethany Holroyd",
        "Saludos de Bethany Holroyd",
        "Wszystkiego najlepszego Bethany Holroyd!",
    ],
)
def test_behind_a_wish_or_a_greeting(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == ["Bethany Holroyd"]


@pytest.mark.parametrize(
    "text",
    [
        "Peach Melba",
        "Earl Grey 3,50",
        "Sierra Nevada",
        "Man With A Beard",
        "Mother And Baby",
        "Boy With Brown Skin",
        "Girl Holding Balloons",
        "Kapitel 4: Hanno Buddenbrook",
        "Legia Warszawa kontra Lech Poznań",
        "Happy Birthday Mozart Festival",
        "Pavillon Solène Marchadier",
        "Edeltraud Imbiss",
        "Guglielmo Marconi",
        "San Marino",
        "Mr Darcy's letter",
        "Tennis Balls\nPack of 4",
        "Berichten Sie Fehler an uns",
        "Hugo Boss Orange Gr. 50",
        "Place Constantin, Arles",
        "Annika Vorlesebuch",
        "Dille & Kamille Shop",
        "Doña Bárbara",
        "Robin Reliant 1:43 die-cast",
        "AAAA BBBB CCCC DDDD",
        "1. A. Methods\n2. B. Results",
    ],
)
def test_no_private_person(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ed Sheeran lives at 4 Mill Lane", "Ed Sheeran"),
        ("patient: Frida Kahlo", "Frida Kahlo"),
        ("our tenant Ed Sheeran has not paid", "Ed Sheeran"),
        ("Frida Kahlo, 07700 900123", "Frida Kahlo"),
        ("Frida Kahlo <f.k@example.org>", "Frida Kahlo"),
        ("Patientin Frida Kahlo, geb. 3.4.1988", "Frida Kahlo"),
        ("Ed Sheeran\n4 Mill Lane\nLeeds LS1 2AB", "Ed Sheeran"),
        ("Mr Ed Sheeran, flat 4", "Ed Sheeran"),
        ("Kind regards,\nEd Sheeran", "Ed Sheeran"),
    ],
)
def test_a_private_person_with_a_well_known_name(
    patterns: PatternPii, text: str, name: str
) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    "text",
    ["Ed Sheeran lives in London", "Musée Frida Kahlo, Londres 247", "tickets for Ed Sheeran"],
)
def test_a_well_known_person(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


def test_names_of_packages_are_known() -> None:
    assert is_famous("Willem Einthoven")  # WordNet
    assert is_famous("Santo Domingo")  # GeoNames
    assert is_famous("Albert Heijn")  # shops


def test_a_private_phone_in_pairs_of_digits_is_no_document(patterns: PatternPii) -> None:
    found = [match.type for match in patterns.find("Mon numéro perso 06 12 34 56 78")]
    assert found == ["phone"]


def test_a_birth_date_of_somebody_who_sits_an_examination(patterns: PatternPii) -> None:
    for text in ("Data urodzenia kandydatki 4 marca 2006", "Geburtsdatum des Prüflings 4.3.2006"):
        assert [match.type for match in patterns.find(text)] == ["date_of_birth"]


@pytest.mark.parametrize(
    "piece",
    ["Anna Weber\n", "1. A. Weber\n", "Gruß, Anna Weber ", "Ed Sheeran lives ", "DE DE AA/", "EG "],
)
def test_work_grows_with_the_length_of_a_hostile_text(patterns: PatternPii, piece: str) -> None:
    assert grows_linearly(patterns.find, lambda length: piece * (length // len(piece)), 4000)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("On call\nMON PRIYA RAGHUNATHAN", "PRIYA RAGHUNATHAN"),
        ("Tue: Oskar Lindqvist", "Oskar Lindqvist"),
        ("Do 14.3. Jonas Wieland", "Jonas Wieland"),
        ("Lundi 8h-12h Margaux Chauveau", "Margaux Chauveau"),
        ("Martes - Begoña Urrutia", "Begoña Urrutia"),
        ("vrijdag Sjoerd Wiersma", "Sjoerd Wiersma"),
        ("Śr. Oliwia Gołębiewska", "Oliwia Gołębiewska"),
        ("Buzón 3ºB\nMª Dolores Ibarrola Sáez", "Mª Dolores Ibarrola Sáez"),
    ],
)
def test_names_on_the_days_of_a_rota_and_on_a_mailbox(
    patterns: PatternPii, text: str, name: str
) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Mon Caesar Salad",
        "Di Spaghetti Bolognese",
        "Fr 19:30 Carmen",
        "So Matthäus Passion",
        "So Hertha Berlin",
        "Mardi Poulet Basquaise",
        "Sun Charlotte Hornets",
        "Do Pizza Margherita",
        "Sat Anna Karenina",
        "Jue Julio Iglesias",
    ],
)
def test_dishes_and_shows_of_a_day_are_no_names(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


@pytest.mark.parametrize(
    "piece", ["Mon ", "Mon\n", "Mon 1 ", "Mon Jane Doe\n", "1 Jane Doe 1\n", "Doe, Jane ", "1 "]
)
def test_the_days_are_searched_in_linear_time(piece: str) -> None:
    def search(text: str) -> None:
        list(names_on_days(text))
        list(names_in_tables(f"ID Name Salary\n{text}"))

    assert grows_linearly(search, lambda length: piece * (length // len(piece)), 4000)


@pytest.mark.parametrize(
    "text",
    [
        "ID Name Salary\n1042 Whitlock, Jane 52,300",
        "Nr. Name Punkte\n2 Whitlock, Jane 31,5",
        "Nombre Nota\nWhitlock, Jane 8,5",
    ],
)
def test_a_row_of_a_table_that_is_read_as_one_line(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == ["Whitlock, Jane"]


@pytest.mark.parametrize(
    "text",
    [
        "No Name Price\n1 Ektorp, Sofa 399,00\n2 Billy, Regal 49,99",
        "Name Sterne Preis\nVilla Carlotta 4 120,00\nHotel Caterina 3 80,00",
        "Name Einwohner\nSan Antonio 1,400,000\nSanta Ana 310,000",
        "Nom Année\nAusten, Jane 1813",
    ],
)
def test_rows_of_things_are_no_names(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []
