"""Names in messages, beside numbers of cases, before times and in front of belongings."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii
from tests.engines.privacy.pii.found import names_in
from tests.security.hostile_input.doubling import grows_linearly


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Quentin Farnworth sent you a photo", "Quentin Farnworth"),
        ("Kellie Thurlow liked your post", "Kellie Thurlow"),
        ("Marla Filsinger gefällt das", "Marla Filsinger"),
        ("Cléry Jacquet vous a envoyé un message", "Cléry Jacquet"),
        ("Gustavo Solórzano te ha enviado un mensaje", "Gustavo Solórzano"),
        ("Ivana Latini ti ha inviato un messaggio", "Ivana Latini"),
        ("Djenna Cornelissen vindt je foto leuk", "Djenna Cornelissen"),
        ("Monika Niewiadomska opuściła grupę", "Monika Niewiadomska"),
        ("Hello, I'm Sienna Steuber", "Sienna Steuber"),
    ],
)
def test_notices_of_messengers(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MRN 00482913 - Smithers, Delia", "Smithers, Delia"),
        ("Fall-Nr. 4471902 - Herwig, Jamal", "Herwig, Jamal"),
        ("Patiëntnr. 4471902 - Timmermans, Sev", "Timmermans, Sev"),
        ("Nr historii 4471902 - Białas, Maksymilian", "Białas, Maksymilian"),
        ("Employee no. 4471 Lera Effertz", "Lera Effertz"),
        ("412 Ina Berghausen V40 24:31", "Ina Berghausen"),
    ],
)
def test_names_behind_numbers_of_cases(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RDV Gabrielle Simonet 10h30", "Gabrielle Simonet"),
        ("Cita Susana Tejeda 10:30", "Susana Tejeda"),
        ("Vorstellungsgespräch Bianca Holtfreter, 10:30", "Bianca Holtfreter"),
        ("Colloquio con Alano Piccinini ore 10:30", "Alano Piccinini"),
        ("Wizyta Oskar Miśkiewicz 10:30", "Oskar Miśkiewicz"),
        ("Paziente Capoccia, box 3", "Capoccia"),
        ("Pacjent Kaniewski, sala 3", "Kaniewski"),
        ("Citofonare Bonanno", "Bonanno"),
        ("Kierowca Rusinek", "Rusinek"),
        ("Weduwe Oosterhuis", "Oosterhuis"),
        ("Réservé Mullerin 4 pers.", "Mullerin"),
    ],
)
def test_appointments_patients_and_bells(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Teresa Heidenreich's locker", "Teresa Heidenreich"),
        ("Khalid Conroy’s lunchbox", "Khalid Conroy"),
        ("Alles Gute zum 60., Sophia Hommel!", "Sophia Hommel"),
        ("Hausaufgaben Malia Hübenbecker, 5c", "Malia Hübenbecker"),
        ("Hamlet ........ Tom Hartwell", "Tom Hartwell"),
    ],
)
def test_belongings_wishes_and_casts(patterns: PatternPii, text: str, name: str) -> None:
    assert names_in(patterns, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Patient Portal",
        "MS Willem Banfi",
        "Burza Eunice",
        "Anna Karenina's train",
        "Réservé Livraisons",
        "Visita Museo 10:30",
        "Szkoła Podstawowa im. Jana Klenczona",
    ],
)
def test_but_not_in_front_of_things(patterns: PatternPii, text: str) -> None:
    assert names_in(patterns, text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MRN: 00918365   Adm. 12/04", "national_id"),
        ("N.º historia clínica 348812-C", "national_id"),
        ("Cartella clinica n. 2024/006183", "national_id"),
        ("Patiëntnummer 6051837 – polikliniek", "national_id"),
        ("Fallnr. 10073658  Aufn. 03.05.", "national_id"),
        ("Nr historii choroby 7316/2024", "national_id"),
        ("NIF-IVA ES 44674943L", "national_id"),
        ("Dowód osobisty seria i nr CDB 373041", "passport"),
        ("Halter des Fahrzeugs W 61840 K bitte melden", "license_plate"),
        ("Bin unter +49 1520 7304036 erreichbar", "phone"),
        ("Camino Real 917, depto. 402, Lima", "address"),
        ("Consegna: P.zza Santa Croce 4, scala B", "address"),
        ("Leave parcel with neighbour at Flat 3, 62 Tollgate Road", "address"),
        ("Bezorgen op Nieuwe Haven 114-II", "address"),
        ("Kinderwagen abholen: Mozartstr. 18", "address"),
        ("I've moved to 41 Station Road, Crewe", "address"),
        ("RDV chez moi, 14 rue des Tilleuls", "address"),
        ("vivimos en Avda. del Mar 5, 4º dcha", "address"),
        ("festa a casa mia, via dei Tigli 14", "address"),
        ("wij wonen nu Molenweg 8, Ede", "address"),
        ("impreza u mnie, ul. Wiśniowa 14/3", "address"),
        ("ul. Lipowa 64/22, Radom", "address"),
        ("Patientenakte 5521-08", "national_id"),
        ("Ficha médica 07-5519, hipertensión", "national_id"),
        ("Sports physio file no. P-20718 – left knee", "national_id"),
        ("passaporto rumeno 058263917", "passport"),
        ("Kopie paspoort (Suriname) R0628417", "passport"),
        ("Paspoort ligt klaar, nr. BX7HC02R5", "passport"),
        ("Te koop: mijn caravan, 46-WD-JK", "license_plate"),
        ("Remolque del vecino, R-7140-BCK", "license_plate"),
        ("Traktor BL 507416", "license_plate"),
        ("Hayon de EY-245-BK resté ouvert", "license_plate"),
    ],
)
def test_numbers_of_patients_and_addresses_without_a_code(
    patterns: PatternPii, text: str, kind: str
) -> None:
    assert [match.type for match in patterns.find(text)] == [kind]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Kowalczyk & Henderson (buzzer 4B)", ["Kowalczyk", "Henderson"]),
        ("Tran – Pellerin, 2e gauche", ["Tran", "Pellerin"]),
        ("Przybylscy, domofon 14", ["Przybylscy"]),
        ("Buzón 3.º dcha. Peñalver-Nowak", ["Peñalver-Nowak"]),
        ("sala 6, Mroczkowska Halina", ["Mroczkowska Halina"]),
        ("1. Ashcroft, Ellie 2. Bello, Tunde", ["Ashcroft, Ellie", "Bello, Tunde"]),
        ("OKONKWO, CHIDI EMEKA", ["OKONKWO, CHIDI EMEKA"]),
        ("VON DER LANCKEN, BODO", ["VON DER LANCKEN, BODO"]),
        ("OLIVARES DEL PRADO, TRINIDAD", ["OLIVARES DEL PRADO, TRINIDAD"]),
        ("U12: 7 Okafor Zara, 9 Lindqvist Tess", ["Okafor Zara", "Lindqvist Tess"]),
        ("Klassensprecher Jannik Posch, 8b", ["Jannik Posch"]),
    ],
)
def test_doorbells_and_registers(patterns: PatternPii, text: str, names: list[str]) -> None:
    assert names_in(patterns, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "192.168.4.0/22 red de invitados",
        "Olga Nowicka, Dziewczynka z chryzantemami, 1894",
        "Praxis, 1. OG rechts",
        "Abholung in unserer Filiale, Marktstr. 3",
        "Colegio Público Miguel Hernández, comedor",
        "Cartella 2024",
        "Linke Alt als Strg",
        "Pick up at our store, 14 High Street",
        "Piano 3, interno 5",
        "Bracia Urban Sp. z o.o. Hurtownia Stali",
    ],
)
def test_networks_captions_and_floors(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []


def test_births_in_exclamations(patterns: PatternPii) -> None:
    for text in ("It's a boy! 4th July 2024", "Baby girl arrived 4 July 2024 at 03:12"):
        assert [match.type for match in patterns.find(text)] == ["date_of_birth"]


@pytest.mark.parametrize(
    "piece",
    [
        "MRN 0048 - ",
        "Nr historii ",
        "Patient Anna ",
        "Visit Anna Weber ",
        "Anna Weber's ",
        "...",
        "Via Roma 1, int. ",
    ],
)
def test_work_grows_with_the_length_of_a_hostile_text(patterns: PatternPii, piece: str) -> None:
    assert grows_linearly(patterns.find, lambda length: piece * (length // len(piece)), 4000)
