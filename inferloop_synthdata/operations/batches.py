"""Long lists of prompts, cut into calls that a second run finds done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.operations.generation import GenerationOptions, generate_batch
from inferloop_synthdata.operations.operation import OnProgress, Operation

PROMPTS_PER_CALL = 64
"""What one `POST /generate/batch` takes."""


def new_key() -> str:
    """For a list that was given no key."""
    return f"batch-{uuid.uuid4().hex[:12]}"


def batch_calls(
    prompts: Sequence[str],
    key: str,
    batch_size: int | None = None,
    prompts_per_call: int = PROMPTS_PER_CALL,
    on_progress: OnProgress | None = None,
    **options: Unpack[GenerationOptions],
) -> Iterator[Operation[answers.GeneratedBatch]]:
    """One call for each `prompts_per_call` prompts, in order. With a seed, image i uses seed + i
    over all calls, as in one. Calls with the same `key` are answered once: what a first run made
    is not made again by a second. `on_progress(done, total)` counts the images of all calls."""
    if prompts_per_call < 1:
        raise ValueError(f"prompts_per_call must be at least 1: {prompts_per_call}")
    seed = options.get("seed")
    for number, start in enumerate(range(0, len(prompts), prompts_per_call)):
        part = options.copy()
        if seed is not None:
            part["seed"] = seed + start
        yield generate_batch(
            prompts=prompts[start : start + prompts_per_call],
            batch_size=batch_size,
            on_progress=_counting(on_progress, start, len(prompts)),
            idempotency_key=f"{key}-{number}",
            **part,
        )


def _counting(on_progress: OnProgress | None, before: int, total: int) -> OnProgress | None:
    """The progress of one call as that of the whole list."""
    if on_progress is None:
        return None
    return lambda done, _: on_progress(before + done, total)
