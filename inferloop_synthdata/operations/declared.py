"""Datasets from a declaration (docs/datasets.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from inferloop_synthdata.answers import datasets as answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import OnProgress, Operation, read_answer
from inferloop_synthdata.operations.parts import given


def create_dataset(
    spec: Mapping[str, JsonValue], *, on_progress: OnProgress | None = None
) -> Operation[answers.DatasetCreated]:
    """Make a dataset from its declaration (`POST /datasets`). Asked for again it goes on; with
    larger numbers it adds, and changes nothing. `jobs.submit` makes a job of it.

    `on_progress(done, total)` hears how many images are decided.
    """
    body = cast("dict[str, JsonValue]", dict(spec))
    parse = read_answer(answers.DatasetCreated, "status", "made")
    return Operation("POST", "/datasets", parse, True, body=body, on_progress=on_progress)


def preview_dataset(
    spec: Mapping[str, JsonValue], *, images: int | None = None, rows: int | None = None
) -> Operation[answers.DatasetPreview]:
    """What a declaration gives (`POST /datasets/preview`): its table, and its first images."""
    body = given(spec=dict(spec), images=images, rows=rows)
    parse = read_answer(answers.DatasetPreview, "total", "rows")
    return Operation("POST", "/datasets/preview", parse, True, body=body)


def plan_dataset(spec: Mapping[str, JsonValue]) -> Operation[answers.DatasetPlanned]:
    """Whether a declaration is right, and what it would give (`POST /datasets/plan`). Nothing is
    made, and no request for images is spent."""
    body = cast("dict[str, JsonValue]", dict(spec))
    parse = read_answer(answers.DatasetPlanned, "total", "rows")
    return Operation("POST", "/datasets/plan", parse, True, body=body)
