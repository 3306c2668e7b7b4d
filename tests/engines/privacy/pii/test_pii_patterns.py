"""The patterns on the two labeled lists, and rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from engines.privacy.pii import PatternPii

LISTS = (
    "",
    *(f"{nth}_" for nth in ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")),
    *(f"{nth}_" for nth in ("ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth")),
    *(f"{nth}_" for nth in ("fifteenth", "sixteenth", "seventeenth", "eighteenth")),
    *(f"{nth}_" for nth in ("nineteenth", "twentieth", "twenty_first", "twenty_second")),
    *(f"{nth}_" for nth in ("twenty_third", "twenty_fourth", "twenty_fifth", "twenty_sixth")),
    *(f"{nth}_" for nth in ("twenty_seventh", "twenty_eighth", "twenty_ninth", "thirtieth")),
    *(f"{nth}_" for nth in ("thirty_first", "thirty_second", "thirty_third", "thirty_fourth")),
    *(f"{nth}_" for nth in ("thirty_fifth", "thirty_sixth", "thirty_seventh", "thirty_eighth")),
    "thirty_ninth_",
    *(f"{nth}_" for nth in ("fortieth", "forty_first", "forty_second", "forty_third")),
    "forty_fourth_",
    "forty_fifth_",
)
_LEAST_FOUND = 0.9
_MOST_FALSE = 0.04


def types_in(patterns: PatternPii, text: str) -> list[str]:
    return [match.type for match in patterns.find(text)]


@pytest.mark.slow
@pytest.mark.parametrize("which", [f"{list_}positives" for list_ in LISTS])
def test_finds_nine_of_ten(patterns: PatternPii, pii_strings: dict[str, Any], which: str) -> None:
    listed = pii_strings[which]
    missed = [text for kind, text in listed if kind not in types_in(patterns, text)]
    assert len(missed) <= (1 - _LEAST_FOUND) * len(listed), missed


@pytest.mark.slow
@pytest.mark.parametrize("which", [f"{list_}negatives" for list_ in LISTS])
def test_takes_next_to_nothing_for_personal(
    patterns: PatternPii, pii_strings: dict[str, Any], which: str
) -> None:
    listed = pii_strings[which]
    false = [text for text in listed if patterns.find(text)]
    assert len(false) <= _MOST_FALSE * len(listed), false


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to jane.doe@example.com today", "jane.doe@example.com"),
        ("call +1 415 555 2671 now", "+1 415 555 2671"),
        ("card 4111 1111 1111 1111 exp 12/27", "4111 1111 1111 1111"),
        ("IBAN DE89 3704 0044 0532 0130 00 Bank", "DE89 3704 0044 0532 0130 00"),
        ("from 84.23.101.7:8080", "84.23.101.7"),
        ("see https://example.com/u/jane.", "https://example.com/u/jane"),
    ],
)
def test_span_is_exactly_what_was_found(patterns: PatternPii, text: str, found: str) -> None:
    (match,) = patterns.find(text)
    assert match.text == found
    assert text[match.start : match.end] == found


def test_several_in_one_text_come_in_order(patterns: PatternPii) -> None:
    text = "jane.doe@example.com\n+49 30 901820\nDOB: 12/03/1985"
    assert types_in(patterns, text) == ["email", "phone", "date_of_birth"]


def test_the_same_number_is_judged_by_what_it_is_called(patterns: PatternPii) -> None:
    assert types_in(patterns, "Tel 4155552671") == ["phone"]
    assert types_in(patterns, "Order 4155552671") == []


def test_context_may_stand_on_the_line_above(patterns: PatternPii) -> None:
    assert types_in(patterns, "Passport No:\nC01X00T47") == ["passport"]


@pytest.mark.parametrize("text", ["v1.2.3.4", "Firmware 84.23.101.7", "127.0.0.1", "999.1.1.1"])
def test_versions_and_loopback_are_no_address(patterns: PatternPii, text: str) -> None:
    assert types_in(patterns, text) == []


def test_two_cards_and_an_expiry_date_on_one_line(patterns: PatternPii) -> None:
    text = "4111 1111 1111 1111 5555 5555 5555 4444 09/27"
    found = [match.text for match in patterns.find(text)]
    assert found == ["4111 1111 1111 1111", "5555 5555 5555 4444"]


@pytest.mark.parametrize(
    "text",
    ["PL61 1090 1014 0000\n0712 1981 2874", "4556 7375\n8689 9855", "4556.7375.8689.9855"],
)
def test_numbers_broken_over_two_lines_or_dotted(patterns: PatternPii, text: str) -> None:
    (match,) = patterns.find(text)
    assert match.text == text


def test_two_lines_are_not_read_as_one_number(patterns: PatternPii) -> None:
    assert types_in(patterns, "+1 415 555 2671\n4111 1111 1111 1111") == ["phone", "credit_card"]


def test_code_with_shift_operators_is_no_passport(patterns: PatternPii) -> None:
    assert types_in(patterns, "cout<<name<<age<<size<<endl<<flush") == []


def test_letters_in_a_long_number_are_digits_but_words_stay_words(patterns: PatternPii) -> None:
    assert types_in(patterns, "650-253-OOOO") == ["phone"]
    assert types_in(patterns, "Order ID 3782-8224-6310") == []


def test_wide_characters_and_odd_dashes_are_read(patterns: PatternPii) -> None:
    assert types_in(patterns, "jane\uff20example.com") == ["email"]
    assert types_in(patterns, "415\u2013555\u20132671") == ["phone"]


def test_only_configured_regions_know_national_numbers() -> None:
    assert PatternPii(("US",)).find("030 901820") == []
    assert PatternPii(("DE",)).find("030 901820")[0].type == "phone"
    assert PatternPii(()).find("+49 30 901820")[0].type == "phone"


def test_match_does_not_show_its_text_in_repr(patterns: PatternPii) -> None:
    (match,) = patterns.find("jane.doe@example.com")
    assert "jane" not in repr(match)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Telefon domowy 58 341 22 33", "phone"),
        ("Tel. (priv.): 0221/4710 99", "phone"),
        ("Reg: BD19 XWY", "license_plate"),
        ("matrícula del coche 9081DFG", "license_plate"),
        ("compleanno 2 agosto 1979", "date_of_birth"),
        ("geb. dd. 12-12-1992", "date_of_birth"),
        ("Patient: HARRISON, Dale", "name"),
        ("PO Box 448, Wellington 6140", "address"),
        ("Steuernummer 181/815/08155", "national_id"),
        ("Date of Birth (DD/MM/YYYY): 07/11/1979", "date_of_birth"),
        ("Geburtsdatum des Kindes: 12.05.2015", "date_of_birth"),
        ("Passport of the second applicant: C01X00T47", "passport"),
        ("Naam houder: Kees Brouwer", "name"),
        ("06 12 34 56 78", "phone"),
    ],
)
def test_words_between_the_name_of_a_thing_and_the_thing(
    patterns: PatternPii, text: str, kind: str
) -> None:
    assert types_in(patterns, text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Sorteo 04 11 23 35 42",
        "06 14 22 31 45",
        "Line 3: 0714 0729 0744",
        "12345 67890",
        "Drawing no. 07-1142-33",
        "Android 14.0.0.117",
        "Versión 8.2.1.44",
        "reg: the usual",
        "Name of file: Report",
        "Born to run, album of 25.08.1975",
        "Meter reading 04 455 667",
        "12 Baker Street, London 2026",
    ],
)
def test_lotteries_timetables_and_versions_are_nobodys(patterns: PatternPii, text: str) -> None:
    assert types_in(patterns, text) == []


def test_a_number_that_grows_is_a_phone_where_it_is_called_one(patterns: PatternPii) -> None:
    assert types_in(patterns, "Tél. 01 22 33 44 55") == ["phone"]
