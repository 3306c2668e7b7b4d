"""What an answer repeats of a request is small, plain JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.trim import MAX_CHARS, trimmed


@pytest.mark.parametrize("value", [None, True, 7, 2048, 7.5, "x", [1, 2], {"a": [None]}, 2**53])
def test_small_values_stay(value: Any) -> None:
    assert trimmed(value) == value


def test_huge_values_are_cut() -> None:
    assert trimmed("x" * 10**6) == "x" * MAX_CHARS + "... (1000000 characters)"
    assert trimmed(list(range(10**5))) == "a list of 100000 items"
    assert trimmed({str(n): n for n in range(500)}) == "an object of 500 fields"
    assert trimmed(["x" * 500]) == "a list of 1 items"
    assert trimmed(10**5000) == "an integer of 16610 bits"


def test_what_json_cannot_say_is_described() -> None:
    assert trimmed(math.nan) == "nan"
    assert trimmed([math.inf]) == "a list of 1 items"
    assert trimmed(b"secret") == "a bytes"
    assert trimmed("\ud800") == "?"
    assert trimmed(["\ud800"]) == "a list of 1 items"
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert trimmed(deep) == "a list of 1 items"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.slow
@given(ANY)
def test_the_result_is_always_short_json(value: Any) -> None:
    text = json.dumps(trimmed(value), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert len(text) < 800
