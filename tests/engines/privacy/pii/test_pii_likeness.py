"""Names of people that no list of given names has, and names in a row."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from engines.privacy.pii.words.likeness import likeness, likeness_of_name
from engines.privacy.pii.words.surnames import is_surname
from tests.engines.privacy.pii.found import names_in
from training.names.filter import surnames_only
from training.names.sources import Lists


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tu peux prévenir Solenne Kervadec que je serai en retard ?", "Solenne Kervadec"),
        ("Ospite\nTancredi Bellomo", "Tancredi Bellomo"),
        ("GOŚĆ\nRadzimir Polak", "Radzimir Polak"),
        ("Badge visiteur\nThibaud Lacassagne", "Thibaud Lacassagne"),
        ("Stolik 4, rezerwacja: Gniewko Tarnowski", "Gniewko Tarnowski"),
        ("Delivered to Priyanka Deshmukh at no. 9", "Priyanka Deshmukh"),
    ],
)
def test_a_name_that_no_list_has(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


def test_names_in_a_row(patterns: PatternPii) -> None:
    text = "Class photo, back row: Ellis Pemberton, Noor Hussain, Zac Dunmore"
    assert names_in(patterns, text) == ["Ellis Pemberton", "Noor Hussain", "Zac Dunmore"]


@pytest.mark.parametrize(
    "text",
    [
        "Feliz Navidad a todos",
        "Buon Natale a tutti",
        "Enkele CapsLock is een extra Esc",
        "BEOPEN.COM LICENSE AGREEMENT FOR PYTHON 2.0",
        "Kylian Mbappé signe un doublé",
        "Please wait for Windows Update to finish",
        "We shop at Marks Spencer, Royal Mail, Costa Coffee and Windows Update",
    ],
)
def test_other_words_with_capitals(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


def test_words_are_told_from_names() -> None:
    assert likeness_of_name("Gniewko Tarnowski") > 2
    assert likeness_of_name("Windows Update") < -10
    assert likeness("THORSTEINN") == likeness("thorsteinn")


def test_surnames_of_the_lists_are_told_from_other_words() -> None:
    assert all(
        map(is_surname, ("ramsbottom", "entwistle", "zieliński", "n'diaye", "ragnarsdóttir"))
    )
    assert not any(map(is_surname, ("window", "fenster", "fromage", "ventana", "szkoła")))
    assert likeness("Entwistle").surname >= 2
    assert likeness("Müller-Entwistle").surname > likeness("Coca-Cola").surname


def test_the_filter_of_surnames_has_none_that_are_words_or_given_names() -> None:
    lists = Lists({"anna": 1.0}, {"weber": 1.0, "anna": 1.0, "rose": 1.0, "x": 0.5}, {"rose": 1.0})
    assert surnames_only(lists) == {"weber"}
