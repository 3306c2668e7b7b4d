"""What is shown of a finding never is the finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy.pii import PatternPii, masked
from engines.privacy.pii.ocr import digitised, narrowed
from engines.privacy.severity import SEVERITY

_KINDS = sorted({*SEVERITY, "serial", "metadata"})
_LOCAL = st.from_regex(r"[a-z][a-z0-9._+]{0,20}[a-z0-9]", fullmatch=True)
_DOMAIN = st.from_regex(r"[a-z][a-z0-9]{1,12}\.(com|org|de|io)", fullmatch=True)


@given(st.sampled_from(_KINDS), st.text(min_size=1).filter(lambda text: text.strip("* \n") != ""))
def test_mask_never_holds_the_whole(kind: str, text: str) -> None:
    assert text.strip() == "" or text.strip() not in masked(kind, text) or text.strip() == "***"


@given(_LOCAL, _DOMAIN)
def test_mask_of_email_keeps_first_letters_only(local: str, domain: str) -> None:
    name, _, top = domain.partition(".")
    assert masked("email", f"{local}@{domain}") == f"{local[0]}***@{name[0]}***.{top}"


def test_contract_example() -> None:
    assert masked("email", "jane.doe@example.com") == "j***@e***.com"


@given(st.integers(10**9, 10**15))
def test_mask_of_a_number_shows_two_digits(number: int) -> None:
    shown = masked("phone", str(number))
    assert shown == "***" + str(number)[-2:]


@pytest.mark.parametrize("kind", ["license_plate", "date_of_birth", "url"])
def test_short_findings_are_hidden_whole(kind: str) -> None:
    assert masked(kind, "AB 123") == "***"


@given(_LOCAL, _DOMAIN)
def test_every_plain_address_is_found(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert [m.text for m in PatternPii(()).find(f"mail {address} now")] == [address]


@given(st.text(max_size=200))
def test_any_text_is_survived_and_spans_fit(text: str) -> None:
    for match in PatternPii(("US", "DE")).find(text):
        assert text[match.start : match.end] == match.text
        assert match.text


@given(st.text())
def test_corrections_keep_the_length(text: str) -> None:
    assert len(narrowed(text)) == len(text)
    assert len(digitised(text)) == len(text)


def test_digits_are_corrected_in_numbers_only() -> None:
    assert digitised("4l5 555 267l") == "415 555 2671"
    assert digitised("SOS Bill IO") == "SOS Bill IO"
