"""Rows as people have them in files: each is a request or has a fault, and none ends the job."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.planning.rows import PlannedRow, derive_seed, make_row_id, parse_row
from engines.types.limits import MAX_PROMPT_CHARS, MAX_SEED

KEEP = frozenset({"keep"})
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({}, "prompt is missing"),
    ({"prompt": ""}, "prompt is missing"),
    ({"prompt": "  "}, "prompt: must not be blank"),
    ({"prompt": "x" * (MAX_PROMPT_CHARS + 1)}, "prompt"),
    ({"prompt": 5}, "prompt"),
    ({"prompt": "a \ud800"}, "prompt"),
    ({"prompt": "a", "colour": "red"}, "unknown column colour"),
    ({"prompt": "a", "x\ud800": 1}, "row: input should be a valid string"),
    ({"prompt": "a", "seed": True}, "seed: must be a number"),
    ({"prompt": "a", "seed": MAX_SEED + 1}, "seed"),
    ({"prompt": "a", "seed": 1.5}, "seed"),
    ({"prompt": "a", "width": 65}, "width"),
    ({"prompt": "a", "speed": "slow"}, "speed"),
    ({"prompt": "a", "labels": "fox"}, "labels: must be a JSON object"),
    ({"prompt": "a", "labels": "fox", "label_animal": "cat"}, "labels: must be a JSON object"),
    ({"prompt": "a", "labels": "[1]", "label_animal": "cat"}, "labels"),
    ({"prompt": "a", "label_": "x"}, "labels"),
    ({"prompt": "a", "metadata": "{"}, "metadata: must be a JSON object"),
]


@pytest.mark.parametrize(("record", "fault"), FAULTS)
def test_a_row_that_cannot_be_made_says_why(record: dict[str, Any], fault: str) -> None:
    found = parse_row(record, KEEP)
    assert found.fault is not None
    assert found.fault.startswith(fault)
    assert "\n" not in found.fault
    assert found.parameters == {}
    found.fault.encode()


def test_labels_of_columns_and_of_json_are_one_and_a_column_wins() -> None:
    row = {"prompt": "a", "labels": '{"animal": "fox", "place": "wood"}', "label_animal": "cat"}
    assert parse_row(row, KEEP).parameters["labels"] == {"animal": "cat", "place": "wood"}
    assert parse_row({"prompt": "a", "label_n": 3}, KEEP).parameters["labels"] == {"n": "3"}


@pytest.mark.parametrize("empty", [None, float("nan"), ""])
def test_an_empty_cell_is_left_out(empty: Any) -> None:
    row = {"prompt": "a", "seed": empty, "negative_prompt": empty, "keep": empty, "label_x": empty}
    found = parse_row(row, KEEP)
    assert (found.fault, found.parameters, found.kept) == (None, {"prompt": "a"}, {})


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
rows = st.dictionaries(
    st.sampled_from(["prompt", "seed", "width", "labels", "label_a", "metadata", "keep", "odd"]),
    values | st.lists(values, max_size=2) | st.binary(max_size=4),
    max_size=5,
)


@given(rows)
@settings(max_examples=60)
def test_any_row_is_a_request_or_a_fault_and_survives_its_plan(record: dict[str, Any]) -> None:
    found = parse_row(record, KEEP)
    assert (found.fault is None) == bool(found.parameters)
    planned = PlannedRow(
        make_row_id(found.content, 0), 0, found.parameters, found.kept, found.fault
    )
    again = PlannedRow.from_json(planned.to_json())
    assert again == planned
    assert parse_row(dict(reversed(record.items())), KEEP).content == found.content


def test_ids_and_seeds_are_of_the_content_and_of_nothing_else() -> None:
    one, other = (parse_row({"prompt": text}, KEEP).content for text in ("a", "b"))
    ids = {make_row_id(content, n) for content in (one, other) for n in range(3)}
    assert len(ids) == 6
    assert all(len(each) == 24 for each in ids)
    seeds = {derive_seed(each, base, n) for each in ids for base in (0, 1) for n in range(3)}
    assert len(seeds) == 36
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
