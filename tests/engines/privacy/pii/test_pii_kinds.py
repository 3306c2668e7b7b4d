"""Kinds of personal data that fresh lists of strings showed to be missed, and what looks alike."""

from __future__ import annotations

import pytest

from engines.privacy.pii import PatternPii

FOUND = {
    "mac_address": (
        "wlan0 a4:83:e7:5b:00:19",
        "Physical Address: A4-83-E7-5B-00-19",
        "00a3.d14f.229e",
    ),
    "device_id": ("IMEI (slot 1): 49 015420 323751 8", "ICC-ID 8944500102198304826"),
    "gps_location": (
        "52.520008, 13.404954",
        "40° 26′ 46″ N 79° 58′ 56″ W",
        "Standort: 47,3717; 8,5423",
        "lat 48.858370 lon 2.294481",
        "N 48° 12.508 E 016° 22.345",
        "8FVC9G8F+6X",
    ),
    "crypto_wallet": (
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bclqw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",  # as text recognition reads it
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "Wallet: 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    ),
    "credential": (
        "postgres://app:Xy7_kk2@db.example.org:5432/app",
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.aB3_xyz",
        "WLAN-Passwort: Sommer2024!",
        "mot de passe : Azerty!99",
    ),
    "date_of_birth": (
        "geboren am fünften Januar 1988",
        "née le cinq janvier mil neuf cent quatre-vingt-huit",
        "born the fifth of January nineteen eighty-eight",
        "nacida el cinco de enero de 1988",
        "nato a Milano (MI) il 05/01/1988",
        "ur. 5 I 1988",
        "Date of birth / Date de naissance\n05 JAN/JAN 1988",
        "Födelsedatum: 1988-01-05",
        "datum narození: 5. 1. 1988",
        "doğum tarihi 5 Ocak 1988",
        "Jonas wurde am 2. März 2012 in Ulm geboren",
        "Mila is jarig op 3 april 2014",
        "Patient geb. 120862",
        "born on Tuesday 3 October 2023",
        "DATE DE NAISSANCE\nJJ/MM/AAAA\n08/12/2002",
        "Luogo e data di nascita\nCOMO 24.02.1999",
        "zur Welt kam ich am 30. Juni 1975",
        "Geboortedatum patiënt - 27 maart 1938",
        "Date de naissance du patient 14 09 1948",
        "geb. 5 okt. '72",
    ),
    "email": (
        "пётр@почта.рф",
        "用户@例子.公司",
        "john at example dot com",
        "max punkt müller ät web punkt de",
        "pepe[arroba]gmail.com",
        "jan (małpa) wp (kropka) pl",
        "jan (at) firma (dot) koeln",
        "ana arroba taller punto gallery",
        "jane@blue-\nhouse.com",
        "jane.doe@\nexample.com",
    ),
    "license_plate": (
        "a silver van, reg FD20 ZBO",
        "roter Wagen, GÖ-TT 512",
        "voiture blanche EA-902-BC",
        "furgoneta 9914 MBC",
        "samochód KRA 55210",
        "witte bestelbus VJ-31-KL",
        "mein alter Opel, S-LK 4471",
        "una Fiat rossa DB 447 KL",
        "a grey Audi A4, index SB17 KVE",
        "kentekenbewijs G-123-TZ",
    ),
    "passport": (
        "Driver's Licence No. D1234-56789-01234",
        "Seria i numer dowodu: ABC 123456",
        "DRIVING LICENCE  5. MORGA 657054 SM9IJ 35",
        "Driver License: California DL D1234567",
        "PASAPORTE/PASSPORT\nNº PAA123456",
        "paszport seria AB nr 1234567",
        "Prawo jazdy 00123/18/1465",
        "Carné de conducir B, n.º 12345678-Z",
        "Nr. des Führerscheins: B072RRE2I55",
        "Carta identità elettronica CA 12345 AA",
        "Licencia de conducir 12345678-Z",
    ),
    "iban": (
        "Nr rachunku: 61 1090 1014 0000 0712 1981 2874",
        "IBAN: DE89.3704.0044.0532.0130.00",
        "rachunek 6110 9010 1400 0007 1219 8128 74",
    ),
    "phone": (
        "n° de portable : 06/71/83/20/94",
        "Contact: +44 7700 900 318",
        "il mio nuovo numero è 3401122334",
        "mijn nummer is 0612233445",
        "to mój numer 601223344",
        "móvil 6 1 5 3 3 8 2 0 4",
        "telefon do mamy 600118273",
        "Affittasi 338.71.20.446",
        "Vendesi bici - 3334471209",
        "Recepcja 42 630 11 58",
        "Portable de Léa = 0668112094",
    ),
    "national_id": (
        "ID number (South Africa): 8001015009087",
        "CHE-100.155.212 MWST",
        "personas kods 161175-19997",
        "СНИЛС 112-233-445 95",
        "EIN 91-1144442",
        "PESEL dziecka 44051401359",
        "KVNR: A123456780",
        "documento 12.345.678-Z",
        "Rentenvers.-Nr. 15070649C103",
        "Rentenversicherungsnummer 65 180539 W 002",  # called so, with a digit misread
        "N.I.F. 00000023A",
        "Medicare No. 1EG4-TE5-MK72",
        "Tessera sanitaria 80380001200123456789",
        "Numéro fiscal (SPI) 30 23 217 600 053",
        "Btw-identificatienummer 004495445B01",
        "dni 12345678 - Z",
        "Vers.-Nr. K551208814",
        "N°TVA intra FR83404833048",
    ),
    "bank_account": (
        "Sort code 12-34-56  Account no. 12345678",
        "BACS: 12-34-56 / 12345678",
        "Routing no. 021000021 Acct # 1234567890",
        "Kontonr. 1234567 BLZ 100 200 30",
        "Banque 20041 Guichet 01005 Compte 0500013M026 Clé RIB 06",
        "relevé de compte 20041 01005 0500013M026 06",
        "cuenta 2100-0418-45-0200051332",
        "c/c 1000/00012345 ABI 05428 CAB 11101",
        "girorekening 1234567 t.n.v. J. Jansen",
        "conto corrente postale n. 12345678",
        "rekening 12.34.56.789",
    ),
    "name": (
        "vlg\nTobias Krüger",
        "Titolare: A.C. Bianchi",
        "Personne de confiance : Inès Moulin",
        "la doctora Carmen Ruiz",
        "prof. dr hab. Jan Zieliński",
        "Kind regards,\nEmma Clarke",
        "Mit freundlichen Grüßen\nAnna Schulz",
        "Name\nJohn Smith",
        "Next of kin: Sarah Brown",
        "Name des Kindes: Leonie Krause",
        "Je m’appelle Luc Besset",
        "Pan Kowalski",
        "gez. Müller-Brandt",
        "M. Dupont",
        "Participant : M. Yannick Le Bihan",
        "Odebrał: pan Teofil Grzelak",
        "Signed for by: T. MacAllister",
    ),
    "address": (
        "2 rue Basse, 74000 L'Isle",
        "14 Tanner's Mews, York YO1 7HH",
        "350 5th Ave, New York, NY 10118",
        "Church Lane, Oxford OX2 8JQ",
        "Gdańska 14/3, 85-006 Bydgoszcz",
        "1 Grand-Rue, 67000 Strasbourg",
        "Drottninggatan 5, 111 51 Stockholm",
        "Rua Augusta 1500, São Paulo - SP, 01304-001",
        "Indirizzo: Via Dante 15, Firenze",
        "lieu-dit Kerbihan, 29120 Pont-l'Abbé",
        "Urb. Los Pinos, chalet 7, 29660 Marbella",
        "CL MAYOR 14 3 DCHA\n28801 ALCALA DE HENARES",
        "Singel 250-III, 1016AB Amsterdam",
    ),
}
HARMLESS = (
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",  # a wrong checksum
    "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",  # a hash
    "Password: required",
    "Password: ********",
    "vectors 12.34567, 23.45678, 34.56789",
    "loss 0.12345, 0.67890",
    "12:05:20:11:30:45",
    "FF:FF:FF:FF:FF:FF",
    "48:65:6c:6c:6f:20:77:6f:72:6c:64",
    "IMEI 490154203237519",
    "-----BEGIN CERTIFICATE-----",
    "eyJmb28iOiJiYXIifQ.eyJzdWIiOiJhbm4ifQ.aB3_xyz",  # no `alg`: no token
    "meet me at noon dot the i",
    "it arrived at example.com",
    "License: CC BY-SA 4.0",
    "auto BMW 320",
    "Passport 2024-2025 edition",
    "Best regards, The Team",
    "Best regards\nYour Team",
    "Herr der Ringe",
    "Pan European Game",
    "Driver: NVIDIA 551.23",
    "Run 20240115",
    "EIN 123456789",
    "Modell 5, 12000 Umdrehungen",
    "Contact us 2024/25 1 2 3",
    "git@github.com:org/repo.git",
    "Konto 4711",
    "Account balance: 1,204.33",
    "NATO summit 11.07.2023",
    "Giro 555",
    "DLC 04/03/2027",
    "the monkey, małpa w zoo kropka",
    "Moulin à café 250 W",
    "Bank holiday 26-05-2025",
    "Found 1 234 567 results",
    "Reception 0800-1700",
    "domaine public, 75000 Paris",
    "compte rendu 12 03 2024",
)


@pytest.mark.parametrize(
    ("kind", "text"), [(k, text) for k, texts in FOUND.items() for text in texts]
)
def test_it_is_found(patterns: PatternPii, kind: str, text: str) -> None:
    assert kind in {match.type for match in patterns.find(text)}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_looks_alike_is_left_alone(patterns: PatternPii, text: str) -> None:
    assert patterns.find(text) == []


def test_a_word_for_a_number_stands_with_its_abbreviation(patterns: PatternPii) -> None:
    for ending in ("nummer", "nr.", "-Nr", " Nr."):
        (match,) = patterns.find(f"Steueridentifikations{ending}: 36574261809")
        assert match.type == "national_id"
