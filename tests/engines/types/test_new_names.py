"""Names of new datasets: what a download on another system could not store is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engines.types.limits import NAME_PATTERN
from engines.types.names import NEW_NAME_PATTERN, NewName

NAMES: TypeAdapter[str] = TypeAdapter(NewName)


def takes(name: str) -> bool:
    try:
        NAMES.validate_python(name)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "name", ["a", "A1", "fox.v2", "a-", "a_", "x" * 64, "console", "com", "com10"]
)
def test_usual_names_are_taken(name: str) -> None:
    assert takes(name)


@pytest.mark.parametrize("name", ["a.", "a..", ".a", "", "x" * 65, "a/b", "a b", "é", "a\n"])
def test_what_windows_would_change_is_refused(name: str) -> None:
    assert not takes(name)


@pytest.mark.parametrize(
    "name", ["CON", "con", "Nul", "AUX", "prn", "COM1", "lpt9", "con.v2", "nul.a.b"]
)
def test_devices_of_windows_are_refused_in_any_case_and_with_any_suffix(name: str) -> None:
    with pytest.raises(ValidationError, match="must not be the name of a device"):
        NAMES.validate_python(name)


@given(st.from_regex(NEW_NAME_PATTERN))
def test_a_new_name_is_a_name(name: str) -> None:
    assert re.match(NAME_PATTERN, name)
