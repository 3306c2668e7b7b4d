"""Words that are also given names: where they call things, and where they call persons."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii

THINGS = (
    "Color: Rose Gold",
    "Flavor: Ginger Ale",
    "Font: Georgia Bold",
    "Drink: Jack Daniel",
    "Car: Mercedes Benz",
    "Farbe: Jade Grün",
    "Plant: Rosemary Bush",
    "Couleur: Rose Poudré",
    "Color: Rosa Claro",
    "Gusto: Margherita Bianca",
    "Kleur: Roos Rood",
    "Wydanie: Maria Kolekcja",
    "Insel: Santa Maria",
    "Fleur: Marguerite Blanche",
    "City: San Francisco",
    "Station: Victoria Station",
    "Team: Charlotte Hornets",
    "Film: Paris, Texas",
    "Movie: Forrest Gump",
    "Next stop: Victoria Park",
    "Dessert: Crème Caroline",
    "Variety: Granny Smith",
    "Album: Abbey Road",
    "Song: Billie Jean",
    "Tonight: Romeo and Juliet",
    "Weather: April Showers",
    "Paint: Amber Glow",
    "Ship: Queen Mary",
    "Model: Dakota Sport",
    "Wine: Cabernet Sauvignon",
    "Recipe: Salisbury Steak",
    "Destination: St. Louis",
    "Venue: Madison Square Garden",
    "Route: Lincoln Highway",
    "Size: Max Width",
    "Mode: Max Power",
    "Note: Mark Down",
    "Note: Will Call",
    "Warning: Max Load 200 kg",
    "Speise: Pizza Margherita",
    "Piatto: Pasta Norma",
    "Cena: Max 30 zl",
    "Pattern: Paisley Blue",
    "Level: Max Level",
    "Edition: Victoria Edition",
)
PERSONS = (
    "Anwalt: Jonas Becker",
    "Chef: Marco Rossi",
    "Witness: Grace Holloway",
    "Getuige: Roos Bakker",
    "Notaire: Claire Fontaine",
    "Tutor: Pilar Navarro",
    "Świadek: Marta Zielińska",
)


@pytest.mark.parametrize("text", THINGS)
def test_a_thing_with_the_name_of_a_person_is_no_person(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []


@pytest.mark.parametrize("text", PERSONS)
def test_a_person_is_found_behind_a_word_that_no_list_has(patterns: PatternPii, text: str) -> None:
    assert [match.type for match in patterns.find(text)] == ["name"]
