"""Check digits against published examples, and against every single-digit error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy.pii.numbers.checksums import iban_valid, is_card, mrz_digit, ssn_valid


@pytest.mark.parametrize("number", ["4111111111111111", "378282246310005", "30569309025904"])
def test_published_test_cards(number: str) -> None:
    assert is_card(number)


@pytest.mark.parametrize("number", ["356938035643809", "9780316148410", "1234567812345670"])
def test_luhn_alone_is_no_card(number: str) -> None:
    assert not is_card(number)


@given(st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_breaks_a_card(position: int, shift: int) -> None:
    digits = list("4111111111111111")
    digits[position] = str((int(digits[position]) + shift) % 10)
    assert not is_card("".join(digits))


@given(st.integers(4, 21), st.integers(1, 9))
def test_one_wrong_digit_breaks_iban(position: int, shift: int) -> None:
    iban = list("DE89370400440532013000")
    iban[position] = str((int(iban[position]) + shift) % 10)
    assert iban_valid("DE89370400440532013000")
    assert not iban_valid("".join(iban))


@pytest.mark.parametrize(
    ("field", "digit"), [("520727", "3"), ("D23145890", "7"), ("L898902C3", "6"), ("740812", "2")]
)
def test_mrz_digits_of_icao_9303(field: str, digit: str) -> None:
    assert mrz_digit(field) == digit


@pytest.mark.parametrize(
    ("parts", "valid"),
    [
        (("123", "45", "6789"), True),
        (("000", "45", "6789"), False),
        (("666", "45", "6789"), False),
        (("912", "45", "6789"), False),
        (("123", "00", "6789"), False),
        (("123", "45", "0000"), False),
    ],
)
def test_ssn_ranges(parts: tuple[str, str, str], valid: bool) -> None:
    assert ssn_valid(*parts) is valid
