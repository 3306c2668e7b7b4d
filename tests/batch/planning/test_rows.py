"""Rows: what is accepted, what is refused and why, ids, seeds, requests."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.config import JobConfig
from batch.planning.rows import (
    PlannedRow,
    canonical,
    derive_seed,
    make_request,
    make_row_id,
    parse_row,
    unreadable_row,
)
from engines.types.limits import MAX_SEED

NONE: frozenset[str] = frozenset()


def test_a_row_keeps_what_it_says_and_drops_what_is_empty() -> None:
    row = parse_row(
        {"prompt": "a bird", "width": 128, "seed": None, "lora": "", "height": math.nan}, NONE
    )
    assert row.fault is None
    assert row.parameters == {"prompt": "a bird", "width": 128}


def test_numbers_may_be_text_as_in_csv() -> None:
    row = parse_row({"prompt": "x", "width": "128", "guidance_scale": "2.5", "seed": "7"}, NONE)
    assert row.parameters == {"prompt": "x", "width": 128, "guidance_scale": 2.5, "seed": 7}


def test_text_and_number_are_the_same_row() -> None:
    as_text = parse_row({"prompt": "x", "width": "128"}, NONE)
    as_number = parse_row({"width": 128, "prompt": "x"}, NONE)
    assert as_text.content == as_number.content


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({}, "prompt is missing"),
        ({"prompt": "   "}, "prompt: must not be blank"),
        ({"prompt": "x" * 2001}, "prompt: string should have at most 2000 characters"),
        ({"prompt": "x", "width": 56}, "width: input should be greater than or equal to 64"),
        ({"prompt": "x", "width": 100}, "width: input should be a multiple of 8"),
        ({"prompt": "x", "seed": True}, "seed: must be a number, not a boolean"),
        ({"prompt": "x", "seed": MAX_SEED + 1}, "seed: input should be less than or equal to"),
        ({"prompt": "x", "guidance_scale": math.inf}, "guidance_scale: input should be less than"),
        ({"prompt": "x", "guidance_rescale": 2}, "guidance_rescale: input should be less than"),
        ({"prompt": "x", "speed": "slow"}, "speed: input should be 'exact', 'balanced' or 'fast'"),
        ({"prompt": "x", "widht": 128}, "unknown column widht"),
        ({"prompt": 3}, "prompt: input should be a valid string"),
        ({"prompt": "\ud800"}, "prompt: input should be a valid string"),
    ],
)
def test_a_bad_row_says_what_is_wrong(record: dict[str, object], fault: str) -> None:
    row = parse_row(record, NONE)
    assert row.fault is not None
    assert row.fault.startswith(fault)
    assert row.parameters == {}


def test_kept_columns_are_metadata_and_part_of_the_id() -> None:
    left = parse_row({"prompt": "x", "label": "cat"}, frozenset({"label"}))
    right = parse_row({"prompt": "x", "label": "dog"}, frozenset({"label"}))
    assert (left.fault, left.kept) == (None, {"label": "cat"})
    assert left.content != right.content


def test_different_bad_rows_are_different_content() -> None:
    left, right = parse_row({"prompt": ""}, NONE), parse_row({"prompt": "x", "width": 1}, NONE)
    assert left.content != right.content
    assert unreadable_row(b"a", "not JSON").content != unreadable_row(b"b", "not JSON").content


def test_the_id_of_a_row_never_changes() -> None:
    content = parse_row({"prompt": "a bird"}, NONE).content
    assert content == b'{"kept":{},"parameters":{"prompt":"a bird"}}'
    assert make_row_id(content, 0) == "96a0c2a37c997b3f46447f4b"
    assert make_row_id(content, 1) != make_row_id(content, 0)


def test_a_planned_row_survives_its_line() -> None:
    row = PlannedRow("00ff", 3, {"prompt": "ä", "seed": 1}, {"label": [1, None]}, None)
    assert PlannedRow.from_json(row.to_json()) == row


@given(st.text(max_size=30), st.integers(0, MAX_SEED), st.integers(0, 50))
def test_seeds_are_in_the_contracts_range(row_id: str, base: int, attempt: int) -> None:
    if row_id.isprintable():
        assert 0 <= derive_seed(row_id, base, attempt) <= MAX_SEED


def test_seeds_differ_between_rows_jobs_and_attempts() -> None:
    seeds = {derive_seed(r, b, a) for r in ("aa", "bb") for b in (0, 1) for a in range(5)}
    assert len(seeds) == 20


def test_a_request_takes_the_rows_choice_before_the_jobs(
    make_config: Callable[..., JobConfig],
) -> None:
    config = make_config(defaults={"width": 64, "height": 128, "negative_prompt": "blurry"})
    row = PlannedRow("ab", 0, {"prompt": "x", "width": 256, "seed": 9})
    request = make_request(row, config, 0)
    assert (request.image_id, request.prompt, request.seed) == ("ab", "x", 9)
    assert (request.width, request.height, request.negative_prompt) == (256, 128, "blurry")
    assert request.model_id == "inferloop-fake"
    assert request.dataset == "birds"


def test_another_attempt_has_another_seed_even_if_the_row_names_one(
    make_config: Callable[..., JobConfig],
) -> None:
    row = PlannedRow("ab", 0, {"prompt": "x", "seed": 9})
    seeds = [make_request(row, make_config(), attempt).seed for attempt in range(3)]
    assert seeds[0] == 9
    assert len(set(seeds)) == 3


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": [2]}) == canonical({"a": [2], "b": 1}) == b'{"a":[2],"b":1}'
