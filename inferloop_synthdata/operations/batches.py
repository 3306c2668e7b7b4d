"""Splits a long list of prompts into calls. A second run does not repeat calls that are done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.operations.generation import GenerationOptions, generate_batch
from inferloop_synthdata.operations.operation import OnProgress, Operation

PROMPTS_PER_CALL = 64
"""Largest number of prompts in one `POST /generate/batch`, with the service's default config."""


def new_key() -> str:
    """A random idempotency key, for a list of prompts for which the caller gave none."""
    return f"batch-{uuid.uuid4().hex[:12]}"


def batch_calls(
    prompts: Sequence[str],
    key: str,
    batch_size: int | None = None,
    prompts_per_call: int = PROMPTS_PER_CALL,
    on_progress: OnProgress | None = None,
    **options: Unpack[GenerationOptions],
) -> Iterator[Operation[answers.GeneratedBatch]]:
    """Yield one call for each `prompts_per_call` prompts, in order.

    If `options` have a seed, image i of the whole list uses seed + i. Each call has an idempotency
    key made of `key` and its number. So a second run with the same `key` gets the images that the
    first run made, and the service does not make them again. `on_progress(done, total)` counts the
    images of all calls.

    Raises:
        ValueError: `prompts_per_call` is less than 1.
    """
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
    """A callback for one call that reports the progress of the whole list. `before`: the number of
    prompts in the calls before it."""
    if on_progress is None:
        return None
    return lambda done, _: on_progress(before + done, total)
