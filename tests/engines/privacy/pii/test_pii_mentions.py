"""Full names in sentences and beside other personal data."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from tests.engines.privacy.pii.found import names_in


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Yesterday Bethany Holroyd called about the boiler.", "Bethany Holroyd"),
        ("Bettina Lindner wohnt nebenan.", "Bettina Lindner"),
        ("J'ai parlé avec Martine Bourdin", "Martine Bourdin"),
        ("Ayer llamó Marta Burgos por la caldera.", "Marta Burgos"),
        ("Giulio Prini, 34 anni, è rimasto ferito", "Giulio Prini"),
        ("mijn dochter Marloes Bouwman is ziek", "Marloes Bouwman"),
        ("Rozmawiałam z Martą Burzyńską", "Martą Burzyńską"),
        ("Jonas Wieland (34) aus Kassel", "Jonas Wieland"),
        ("my daughter Xanthe Holroyd starts school", "Xanthe Holroyd"),
        ("Julian Prieto, vecino de Lugo", "Julian Prieto"),  # accent lost
        ("From: Alistair Penhaligon\nSubject: rota", "Alistair Penhaligon"),
        ("Vorstellungsgespräch 11:30 Kilian Ostermeier", "Kilian Ostermeier"),
        ("Hiermit kündige ich, Ruprecht Callenberg, den Vertrag", "Ruprecht Callenberg"),
        ("Peter Green called twice", "Peter Green"),
        ("Reading group: Sheila Abbott brings the cake", "Sheila Abbott"),
        ("La denunciante sig.ra Oyinkan Bello ha scritto", "Oyinkan Bello"),
        ("Im Zug vergessen: Geige, gehört Hedwig Schwarzmoor", "Hedwig Schwarzmoor"),
        ("Tenant in 4A, Bogdan Ilie, owes two months", "Bogdan Ilie"),
        ('"I just froze", said Calliste Derval', "Calliste Derval"),
        ("Speech – Theo Langridge (do not read aloud)", "Theo Langridge"),
        ("Wristband: OGUNLEYE, Temitope  F  12/09/1966", "OGUNLEYE, Temitope"),
        ("Pinned by Imogen Strand: bins go out Tuesday", "Imogen Strand"),
        ("Ticket 5521 geopend door Devi Chandoe (ICT)", "Devi Chandoe"),
        ("Ruhe in Frieden Mathilde Eckstein 1931-2024", "Mathilde Eckstein"),
    ],
)
def test_in_a_sentence(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Bethany Holroyd, 07700 900123",
        "Bethany Holroyd <b.h@example.org>",
        "Bethany Holroyd\n12 Mill Lane\nLeeds LS1 2AB",
        "Bethany Holroyd\nSenior Accountant\nNorthgate Ltd\n01632 960983",
        "VISITOR\nBethany Holroyd\nEscort required",
    ],
)
def test_beside_other_data_and_on_a_badge(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == ["Bethany Holroyd"]


@pytest.mark.parametrize(
    "text",
    [
        "the Bethany Holroyd Foundation supports schools",
        "die Bettina-Lindner-Schule",
        "Musée Martine Bourdin, entrée libre",
        "film: Bethany Holroyd returns",
        "the novel 'Bethany Holroyd' sold out",
        "Bethany Holroyd's lemon cake",
        "Bethany Holroyd (1979)",
        "Harry Potter and the stone",
        "new from Tommy Hilfiger this week",
        "Victoria Park is open",
        "Charlotte Square was closed",
        "Tom II, strona 211",
        "Robert Schumanlaan, werkzaamheden",
        "Stadio Diego Armando Maradona esaurito",
        "PARIS, Texas",
        "every process of Ray Serve takes two seconds",
        "Storm Anna, 104 mph",
        "Trattoria da Franco Colombo",
        "Anna Weber tulip, 10 bulbs",
        "Leopold Weber walks through the town",
        "Bakkerij Hermine Sterk, verse broodjes",
        "Espace Magali Weber, entrée libre",
        "Anna Weber designed the tower",
        "formats: COCO,\nYOLO, Pascal, folders",
        "Captain Cook Memorial Museum, open daily",
        "Jasper Conran coats from £120",
        "André Weber speelt live",
        "From: Paris Nord\nTo: Lyon",
    ],
)
def test_names_of_things_and_of_whom_all_know_are_none(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("PASSP0RT N0 518337204", "passport"),
        ("Geb0ren: O3.O4.1962", "date_of_birth"),
        ("DNI 5426S865X", "national_id"),
        ("34117 Kassel, Mühlweg 12", "address"),
        ("25000 Besançon, 12 rue du Moulin", "address"),
        ("Tag: 3 Monat: 4 Jahr: 1962 (DOB) geb. Tag: 3 Monat: 4 Jahr: 1962", "date_of_birth"),
        ("the landlord's number is 0 7 4 0 0 1 2 3 9 8 1", "phone"),
        ("mi DNI es el 12345678-Z", "national_id"),
        ("code du portail 2580", "credential"),
        ("guest wifi: Otter_Net / key: blueOtter77!", "credential"),
        ("12-SEP-1966 DOB", "date_of_birth"),
        ("Jumeaux nés à 4h12 le 9 décembre 2023", "date_of_birth"),
        ("Indagato C. D. (n. 30 gennaio 1997)", "date_of_birth"),
        ("Tel./fax 920 18 04 56/57", "phone"),
        ("BSN op loonstrook 7102.23.185", "national_id"),
        ("C.F. in busta: CLMFNC71B23F205Z", "national_id"),
        ("Bewonersvergunning zone C: EX-620-V", "license_plate"),
    ],
)
def test_misread_words_turned_addresses_and_copulas(
    patterns: PatternPii, text: str, kind: str
) -> None:
    assert kind in [match.type for match in patterns.find(text)]


@pytest.mark.parametrize("text", ["PIN 1234 5678", "Pin 1 GND", "PIN: 2500 €", "MP3 B0X 4K"])
def test_pins_that_are_none(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []
