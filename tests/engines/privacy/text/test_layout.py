"""Personal data spread over the lines of a badge, a form or a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.validators.pictures.renders import dejavu
from engines.privacy.config import PiiConfig, TextConfig
from engines.privacy.model import TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.pii.laid_out import find_laid_out
from engines.privacy.text import document_of
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from tests.security.hostile_input.doubling import grows_linearly

Line = tuple[str, int, int, int]
"""Text, left, top and height, px."""


def found(lines: Sequence[Line]) -> set[tuple[str, str]]:
    """Type and text of what the places of the lines tell."""
    regions = [
        TextRegion((x, y, len(text) * height // 2 + 6, height), text, 0.95, float(height))
        for text, x, y, height in sorted(lines, key=lambda line: (line[2], line[1]))
    ]
    patterns = PatternPii(PiiConfig().phone_regions)
    return {
        (match.type, match.text) for match in find_laid_out(document_of(regions), patterns.find)
    }


def stack(*texts: str, height: int = 60) -> list[Line]:
    """Lines below each other, all with the same letters."""
    return [(text, 60, 40 + at * height * 4 // 3, height) for at, text in enumerate(texts)]


def table(*rows: Sequence[str]) -> list[Line]:
    """The cells of a table."""
    return [
        (text, 32 + column * 240, 34 + row * 52, 28)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]


@pytest.mark.parametrize("heights", [(80, 64), (40, 40), (80, 40)])
@pytest.mark.parametrize(
    "name",
    [
        ("Sarah", "Kendrick"),
        ("Anneliese", "Grubmüller"),
        ("TOMASZ", "WIŚNIEWSKI"),
        ("Giulia", "Ferraris"),
        ("Joost", "van der Heijden"),
        ("Niamh", "O'Dowd"),
        ("Pierre", "Martin"),
        ("María", "López"),
        ("Dr. Malte", "Hinrichsen"),
    ],
)
def test_a_badge_with_the_given_name_above_the_surname(
    name: tuple[str, str], heights: tuple[int, int]
) -> None:
    given, surname = name
    badge = [
        ("PYCON LISBON", 60, 60, 40),
        (given, 60, 260, heights[0]),
        (surname, 60, 260 + heights[0] * 5 // 4, heights[1]),
        ("Speaker", 60, 500, 40),
    ]
    assert found(badge) == {("name", f"{given}\n{surname}")}


@pytest.mark.parametrize(
    "sign",
    [
        "SAN/FRANCISCO",
        "GRAND/OPENING",
        "HAPPY/BIRTHDAY",
        "ROMEO/JULIET",
        "Paris/London",
        "Martin/Apotheke",
        "Pizzeria/Valentina",
        "Villa/Borghese",
        "Tosca/Puccini",
        "Elena/Nails",
        "Feliz/Navidad",
        "Sofia/Plovdiv/Varna/Burgas",
        "Emma/Oliver",
        "Margherita/Marinara",
    ],
)
def test_posters_and_signs_of_two_words_are_no_names(sign: str) -> None:
    assert found(stack(*sign.split("/"))) == set()


def test_a_badge_with_the_surname_first() -> None:
    assert found(stack("KOWALCZYK", "Marta")) == {("name", "KOWALCZYK\nMarta")}
    assert found(stack("Wachowiak", "Ute")) == {("name", "Wachowiak\nUte")}


def test_a_given_name_far_above_or_beside_a_surname_is_no_name() -> None:
    assert found([("Sarah", 60, 40, 40), ("Kendrick", 60, 400, 40)]) == set()
    assert found([("Sarah", 60, 40, 40), ("Kendrick", 700, 90, 40)]) == set()


def test_a_table_of_surnames_and_first_names() -> None:
    staff = table(
        ("ID", "Surname", "First name", "Dept"),
        ("1042", "Whitlock", "Jane", "Sales"),
        ("1043", "Oduya", "Samuel", "IT"),
        ("1051", "Pfannkuch", "Lars", "HR"),
    )
    names = "Whitlock", "Jane", "Oduya", "Samuel", "Pfannkuch", "Lars"
    assert found(staff) == {("name", name) for name in names}


def test_tables_of_students_and_of_mobiles() -> None:
    marks = table(("Student", "Maths"), ("Fitzwilliam H.", "B"), ("Nakamura T.", "A"))
    assert found(marks) == {("name", "Fitzwilliam H."), ("name", "Nakamura T.")}
    flats = table(("Piso", "Móvil"), ("1A", "655 301 872"), ("2B", "678 220 914"))
    assert found(flats) == {("phone", "655 301 872"), ("phone", "678 220 914")}


def test_the_values_of_a_form_below_their_labels() -> None:
    form = [
        ("Name", 40, 120, 20),
        ("Quandt-Hellwig", 40, 146, 28),
        ("Vorname", 480, 120, 20),
        ("Birte", 480, 146, 28),
        ("Geburtsdatum", 40, 230, 20),
        ("Telefon", 480, 230, 20),
        ("19.02.1987", 40, 256, 28),
        ("0431 772 6613", 480, 256, 28),
    ]
    assert found(form) == {
        ("name", "Quandt-Hellwig"),
        ("name", "Birte"),
        ("date_of_birth", "19.02.1987"),
        ("phone", "0431 772 6613"),
    }


def test_a_rare_surname_in_larger_letters_than_its_label() -> None:
    form = [("Last name", 40, 120, 20), ("Thistlewood", 40, 146, 28), ("Title", 40, 220, 28)]
    assert found(form) == {("name", "Thistlewood")}


def test_a_label_in_two_languages() -> None:
    card = [("NAZWISKO / SURNAME", 300, 110, 15), ("SZYMKOWIAK", 300, 130, 28)]
    assert found(card) == {("name", "SZYMKOWIAK")}


@pytest.mark.parametrize(
    "labels",
    [
        ("Surname", "First name", "Date of birth", "Address", "Telephone", "Signature"),
        ("Surname", "Title", "Forenames", "Marital status", "Nationality", "Occupation"),
        ("Name", "Vorname", "Geburtsdatum", "Straße", "Telefon", "Unterschrift"),
        ("Cognome", "Nazionalità", "Professione", "Stato civile"),
    ],
)
def test_an_empty_form_has_no_names(labels: tuple[str, ...]) -> None:
    assert found(stack(*labels, height=30)) == set()


@pytest.mark.parametrize(
    "rows",
    [
        (("Name", "Price"), ("Billy", "49.99"), ("Hemnes Kommode", "179.00")),
        (("Server", "Memory"), ("Apollo", "64 GB"), ("Athena North", "128 GB")),
        (("Author", "Title"), ("Jane Austen", "Emma"), ("Thomas Mann", "Buddenbrooks")),
        (("Mobile", "Price"), ("Galaxy S23 Ultra 256 GB", "1 199,00"), ("Pixel 8", "799,00")),
        (("Winner", "Host"), ("Brazil", "Korea Japan"), ("Spain", "South Africa")),
        (("Nombre", "Altura"), ("Teide", "3715 m"), ("Pico Aneto", "3404 m")),
        (("Klant", "Regio"), ("Albert Heijn", "West"), ("Jumbo Supermarkten", "Oost")),
    ],
)
def test_tables_of_things_are_no_names_or_phones(rows: Sequence[Sequence[str]]) -> None:
    assert found(table(*rows)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("first", ["Surname", "Mobile", "-"])
@pytest.mark.parametrize("text", ["Surname", "Jane", "0451 3877 22"])
def test_the_search_grows_as_the_lines_do(first: str, text: str) -> None:
    def search(lines: str) -> None:
        found([(first if at == 0 else text, 40, 40 * at, 28) for at in range(len(lines))])

    assert grows_linearly(search, lambda count: "." * count, 300)


@pytest.mark.slow
def test_a_badge_and_a_form_that_the_real_reader_reads() -> None:
    image = Image.new("RGB", (900, 400), "white")
    draw = ImageDraw.Draw(image)
    for text, x, y, size in (
        ("Sarah", 60, 40, 64),
        ("Kendrick", 60, 120, 64),
        ("Geburtsdatum", 40, 280, 20),
        ("Telefon", 480, 280, 20),
        ("19.02.1987", 40, 310, 28),
        ("0431 772 6613", 480, 310, 28),
    ):
        draw.text((x, y), text, fill="black", font=ImageFont.truetype(str(dejavu()), size))
    lines = RapidOcrReader(TextConfig(), threads=1).read(np.asarray(image))
    patterns = PatternPii(PiiConfig().phone_regions)
    matches = find_laid_out(document_of([line for line in lines if line.text]), patterns.find)
    assert {(match.type, match.text) for match in matches} == {
        ("name", "Sarah\nKendrick"),
        ("date_of_birth", "19.02.1987"),
        ("phone", "0431 772 6613"),
    }
