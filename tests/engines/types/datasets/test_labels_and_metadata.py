"""What a user may call an image, and what he may keep beside it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engines.types.datasets.labels import (
    MAX_LABEL_CHARS,
    MAX_LABELS,
    MAX_METADATA_BYTES,
    MAX_METADATA_KEY_CHARS,
    MAX_METADATA_KEYS,
    Labels,
    Metadata,
)

LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)
METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(Metadata)

TAKEN = [
    {},
    {"animal": "fox"},
    {"Animal-2_b": "Rotfuchs, jung"},
    {"a": "x" * MAX_LABEL_CHARS},
    {"place": " a wood "},
    {"tier": "狐"},
    {"emoji": "🦊"},
    {f"l{n}": "x" for n in range(MAX_LABELS)},
]
REFUSED: list[Any] = [
    *({"": "fox"}, {"2nd": "fox"}, {"a b": "fox"}, {"_a": "fox"}, {"a.b": "x"}, {"é": "x"}),
    *({"animal": ""}, {"animal": " "}, {"animal": "\t"}, {"animal": "a\nb"}, {"animal": "a\x00"}),
    *({"animal": "x" * (MAX_LABEL_CHARS + 1)}, {"a" * 65: "x"}, {"animal": "\ud83e"}),
    *({"animal": 3}, {"animal": None}, {"animal": ["fox"]}, {"animal": True}, ["animal"], "fox"),
    {f"l{n}": "x" for n in range(MAX_LABELS + 1)},
]


@pytest.mark.parametrize("labels", TAKEN)
def test_labels_in_any_language_are_kept_as_they_are(labels: dict[str, str]) -> None:
    assert LABELS.validate_python(labels) == labels


@pytest.mark.parametrize("labels", REFUSED)
def test_what_no_export_could_use_as_a_label_is_refused(labels: Any) -> None:
    with pytest.raises(ValidationError):
        LABELS.validate_python(labels)


def nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


KEPT = [
    {},
    {"camera": {"lens": [35, 1.4, None, True]}},
    {"x" * MAX_METADATA_KEY_CHARS: 2**53 - 1},
    {"least": -(2**53) + 1, "small": 1e-300},
    {"note": "é 狐 🦊"},
    {f"k{n}": n for n in range(MAX_METADATA_KEYS)},
    {"deep": nested(15)},
]
NOT_KEPT: list[tuple[Any, str]] = [
    ({"a": float("nan")}, "finite"),
    ({"a": [{"b": float("inf")}]}, "finite"),
    ({"a": 2**53}, "2\\^53"),
    ({"a": {"b": [-(2**60)]}}, "2\\^53"),
    ({"a": "\ud83e"}, "Unicode"),
    ({"a": "x" * MAX_METADATA_BYTES}, f"{MAX_METADATA_BYTES} bytes"),
    ({"a": nested(40)}, "nest"),
    ({"": 1}, "at least 1 character"),
    ({"x" * (MAX_METADATA_KEY_CHARS + 1): 1}, "at most"),
    ({f"k{n}": n for n in range(MAX_METADATA_KEYS + 1)}, "at most"),
]


@pytest.mark.parametrize("metadata", KEPT)
def test_any_json_is_kept_beside_an_image(metadata: dict[str, Any]) -> None:
    assert METADATA.validate_python(metadata) == metadata


@pytest.mark.parametrize(("metadata", "words"), NOT_KEPT)
def test_what_does_not_survive_json_and_browsers_is_refused_by_its_reason(
    metadata: Any, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        METADATA.validate_python(metadata)


def test_a_whole_number_below_the_bound_is_no_flag_and_a_flag_no_number() -> None:
    kept = METADATA.validate_python({"flag": True, "one": 1})
    assert kept["flag"] is True
    assert kept["one"] == 1


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=4,
    )
)
@settings(max_examples=100)
def test_what_is_taken_comes_back_from_json_the_same(metadata: dict[str, Any]) -> None:
    try:
        kept = METADATA.validate_python(metadata)
    except ValidationError:
        return
    assert orjson.loads(orjson.dumps(kept)) == kept
