"""Endpoints that make a dataset from a declaration (docs/datasets.md)."""

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
    """Make a dataset from its declaration `spec` (`POST /datasets`).

    A second call with the same declaration continues where the first one stopped. If the numbers
    are larger, images are added, and the existing ones stay unchanged. Use `jobs.submit` to run it
    as a job.

    `on_progress(done, total)` counts the images that were made, or given up after all tries.
    """
    body = cast("dict[str, JsonValue]", dict(spec))
    parse = read_answer(answers.DatasetCreated, "status", "made")
    return Operation("POST", "/datasets", parse, True, body=body, on_progress=on_progress)


def preview_dataset(
    spec: Mapping[str, JsonValue], *, images: int | None = None, rows: int | None = None
) -> Operation[answers.DatasetPreview]:
    """Show what a declaration would make (`POST /datasets/preview`): the first `rows` of
    its table of requests, and its first `images` images. These are made now, and stored in the
    dataset `<name>-preview`."""
    body = given(spec=dict(spec), images=images, rows=rows)
    parse = read_answer(answers.DatasetPreview, "total", "rows")
    return Operation("POST", "/datasets/preview", parse, True, body=body)


def plan_dataset(spec: Mapping[str, JsonValue]) -> Operation[answers.DatasetPlanned]:
    """Check a declaration, and list what it would make (`POST /datasets/plan`). No image is made,
    and nothing is counted against the key's limit for generation."""
    body = cast("dict[str, JsonValue]", dict(spec))
    parse = read_answer(answers.DatasetPlanned, "total", "rows")
    return Operation("POST", "/datasets/plan", parse, True, body=body)
