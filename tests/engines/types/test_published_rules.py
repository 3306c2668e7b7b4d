"""Rules that clients read (JSON Schema) are those by which their values are judged."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engines.types.datasets.labels import (
    BROKEN_RULE,
    MAX_LABEL_CHARS,
    MAX_LABELS,
    MAX_METADATA_BYTES,
    MAX_METADATA_KEYS,
    LabelName,
    Labels,
    Metadata,
    broken_rule,
)
from engines.types.limits import (
    MAX_GUIDANCE_SCALE,
    MAX_INFERENCE_STEPS,
    MAX_SEED,
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    Guidance,
    Seed,
    Side,
    Speed,
    Steps,
)

NUMBERS: dict[str, tuple[Any, list[float]]] = {
    "side": (Side, [-8, 0, 1, 63, 64, 65, 72, 512, 1016, 1024, 1025, 1032, 10**9]),
    "steps": (Steps, [-1, 0, 1, 2, 149, 150, 151]),
    "guidance": (Guidance, [-0.01, 0, 0.5, 7.5, 30, 30.01, 1e9]),
    "seed": (Seed, [-1, 0, 1, MAX_SEED - 1, MAX_SEED, MAX_SEED + 1, 2**64]),
}
LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)
METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(Metadata)


def takes(adapter: TypeAdapter[Any], value: object) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def promises(adapter: TypeAdapter[Any], value: object) -> bool:
    schema = adapter.json_schema()
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_taken_where_its_schema_says_so(name: str) -> None:
    kind, values = NUMBERS[name]
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for value in values:
        assert takes(adapter, value) == promises(adapter, value), value


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        (Side, {"minimum": MIN_SIDE_PX, "maximum": MAX_SIDE_PX, "multipleOf": 8}),
        (Steps, {"minimum": 1, "maximum": MAX_INFERENCE_STEPS}),
        (Guidance, {"minimum": 0, "maximum": MAX_GUIDANCE_SCALE}),
        (Seed, {"minimum": 0, "maximum": MAX_SEED}),
    ],
)
def test_bounds_are_told(kind: Any, bounds: dict[str, float]) -> None:
    schema = TypeAdapter(kind).json_schema()
    assert {name: schema[name] for name in bounds} == bounds


@pytest.mark.parametrize("word", ["exact", "balanced", "fast"])
def test_a_speed_is_one_of_three_words(word: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Speed)
    assert takes(adapter, word)
    for other in (word.upper(), f" {word}", "", None, 1, True):
        assert not takes(adapter, other)


@pytest.mark.parametrize("value", ["64", "1", "", None, [], {}, float("nan")])
def test_what_is_no_number_is_no_number(value: object) -> None:
    for kind in (Side, Steps, Guidance, Seed):
        strict: TypeAdapter[Any] = TypeAdapter(kind)
        with pytest.raises(ValidationError):
            strict.validate_python(value, strict=True)


# Labels and metadata

names = st.from_regex(r"[A-Za-z][A-Za-z_0-9-]{0,5}", fullmatch=True)
values = st.text(alphabet="ab \t\x00é狐🦊", max_size=3) | st.just("x" * 101) | st.just("x" * 100)


@given(st.dictionaries(names, values, max_size=3))
@settings(max_examples=60)
def test_labels_are_taken_where_their_schema_says_so(labels: dict[str, str]) -> None:
    assert takes(LABELS, labels) == promises(LABELS, labels)


@pytest.mark.parametrize("count", [0, 1, MAX_LABELS, MAX_LABELS + 1])
def test_the_number_of_labels_is_told(count: int) -> None:
    labels = {f"label{n}": "x" for n in range(count)}
    assert takes(LABELS, labels) == promises(LABELS, labels) == (count <= MAX_LABELS)


@pytest.mark.parametrize("chars", [0, 1, 64, 65])
def test_the_length_of_a_name_is_told(chars: int) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(LabelName)
    assert takes(adapter, "a" * chars) == promises(adapter, "a" * chars) == (1 <= chars <= 64)


@pytest.mark.parametrize("character", ["a", "狐", "🦊", "é"])
def test_a_value_is_measured_in_characters_not_in_bytes(character: str) -> None:
    assert takes(LABELS, {"a": character * MAX_LABEL_CHARS})
    assert not takes(LABELS, {"a": character * (MAX_LABEL_CHARS + 1)})


@pytest.mark.parametrize("count", [0, 1, MAX_METADATA_KEYS, MAX_METADATA_KEYS + 1])
def test_the_number_of_keys_is_told(count: int) -> None:
    metadata = {f"k{n}": n for n in range(count)}
    assert takes(METADATA, metadata) == promises(METADATA, metadata) == (count <= MAX_METADATA_KEYS)


@pytest.mark.parametrize("character", ["a", "é", "狐"])
@pytest.mark.parametrize("spare", [0, 1])
def test_metadata_is_measured_in_bytes_of_its_json(character: str, spare: int) -> None:
    room = MAX_METADATA_BYTES - len('{"k":""}')
    size = len(character.encode())
    word = character * (room // size) + "a" * (room % size + spare)
    assert takes(METADATA, {"k": word}) == (spare == 0)


@pytest.mark.parametrize(("levels", "taken"), [(15, True), (16, False)])
@pytest.mark.parametrize("kind", ["list", "object"])
def test_the_deepest_metadata_is_the_same_for_lists_and_objects(
    kind: str, levels: int, taken: bool
) -> None:
    value: Any = "deep"
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    assert takes(METADATA, {"k": value}) == taken


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**400])
def test_a_number_that_browsers_would_round_is_refused_at_any_depth(number: int) -> None:
    for value in (number, [number], {"a": [{"b": number}]}):
        assert not takes(METADATA, {"k": value})


@pytest.mark.parametrize("value", [(1, 2), {1, 2}, b"x", object(), {1: "a"}])
def test_what_is_no_json_is_no_metadata(value: object) -> None:
    assert not takes(METADATA, {"k": value})


def test_a_broken_rule_says_in_our_words_what_must_be() -> None:
    error = broken_rule("must be {odd} %s")
    assert error.type == BROKEN_RULE
    assert error.message() == "must be {odd} %s"
