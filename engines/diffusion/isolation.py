"""One request's failure is its own: find who is at fault, and say it in our words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from engines.errors import GenerationFailed, InferloopError, OutOfMemory

T = TypeVar("T")
logger = logging.getLogger(__name__)


def run_isolated(
    run: Callable[[Sequence[T]], None],
    items: Sequence[T],
    on_out_of_memory: Callable[[Sequence[T]], None] = lambda items: None,
) -> list[tuple[T, Exception]]:
    """Run all items at once; where that raises, halves, down to single items.

    `run` is all or nothing: when it raises, no item has changed. Returns whom it failed for even
    alone, with the exception. `on_out_of_memory` hears of each group that did not fit. Without
    items nothing is run.
    """
    if not items:
        return []
    try:
        run(items)
    except Exception as error:  # noqa: BLE001 - whatever a library raises ends one request
        if is_out_of_memory(error):
            on_out_of_memory(items)
        if len(items) == 1:
            return [(items[0], error)]
    else:
        return []
    half = len(items) // 2
    return [
        *run_isolated(run, items[:half], on_out_of_memory),
        *run_isolated(run, items[half:], on_out_of_memory),
    ]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the host ran out of memory.

    Told by name, as this module does without torch: `torch.OutOfMemoryError` (CUDA), and the
    plain `RuntimeError` of the CPU allocator ("DefaultCPUAllocator: can't allocate memory").
    """
    return (
        isinstance(error, MemoryError | OutOfMemory)
        or type(error).__name__ == "OutOfMemoryError"
        or "DefaultCPUAllocator" in str(error)
    )


def as_domain_error(error: Exception) -> InferloopError:
    """The seam between libraries and the domain: a foreign error's text is logged, never sent."""
    if isinstance(error, InferloopError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory("The image does not fit into the device's memory")
    logger.error("generation failed", exc_info=error)
    return GenerationFailed("The model failed on this request")
