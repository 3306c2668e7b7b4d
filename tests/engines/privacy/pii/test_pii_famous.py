"""Well-known names are no private person's, unless the words beside them say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.privacy.pii import PatternPii
from engines.privacy.pii.words import bloom
from tests.engines.privacy.pii.found import names_in
from training.names.famous import kept, turned


@pytest.mark.parametrize(
    "text",
    [
        "Jules Lemaître, essais",
        "Kim Cattrall, Sex and the City",
        "Patrice Evra verlässt den Verein",
        "Luigi Capuana, racconti",
        "Concert for Luigi Capuana",
        "Film: Luigi Capuana",
        "Annejan Mieras, Homme en het noodgeval",
        "Emilia Pardo Bazán, Los pazos",
        "Rum Captain Morgan, 70 cl",
        "Maine Coon kittens",
    ],
)
def test_people_whom_many_know(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "patient: Grace Hopper",
        "Grace Hopper, 07700 900123",
        "Parcel for Grace Hopper",
        "Paket für Grace Hopper",
        "Doorbell: Grace Hopper",
        "Tenant Grace Hopper, 3rd floor",
        "Patientin Grace Hopper, Zimmer 4",
        "Kind regards,\nGrace Hopper",
        "Grace Hopper lives at 14 Elm Road, York YO1 7HH",
    ],
)
def test_private_people_with_such_a_name(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == ["Grace Hopper"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Luigi Banfi, 2nd floor", "Luigi Banfi"),
        ("Tenant Luigi Banfi, 3rd floor", "Luigi Banfi"),
        ("Jean-Baptiste de Fontvieille", "Jean-Baptiste de Fontvieille"),
    ],
)
def test_floors_and_double_names_are_no_things(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


def test_a_filter_holds_what_was_written_and_next_to_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "words.npz"
    bloom.write(path, (f"word {number}" for number in range(1000)), 1 << 15)
    assert all(bloom.holds(path, f"word {number}") for number in range(1000))
    assert sum(bloom.holds(path, f"other {number}") for number in range(10_000)) < 10


def test_names_of_the_catalog_are_turned_around() -> None:
    names = json.loads('["Maupassant, Guy de", "Homer", "Austen, Jane (Miss)"]')
    assert [turned(name) for name in names] == ["Guy de Maupassant", "Homer", "Jane Austen"]


def test_common_names_of_private_people_are_left_out() -> None:
    assert kept(
        ["Thomas Schmidt", "Gotthold Lessing", "Big Data", "Albert Einstein"], {"schmidt"}
    ) == {"gotthold lessing"}
