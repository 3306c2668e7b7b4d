"""Find the requests that make a batch fail, and translate the errors of libraries."""

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
    """Run all items together; if that raises, run each half, and so on down to single items.

    `run` must not have changed any item when it raises. Returns the items for which it failed
    alone, with the exceptions. `on_out_of_memory` is called with every group that ran out of
    memory. Does not call `run` without items.
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

    Recognizes torch's errors by name and text, since this module does not import torch:
    `torch.OutOfMemoryError` (CUDA), and the `RuntimeError` of the CPU allocator
    ("DefaultCPUAllocator: can't allocate memory").
    """
    return (
        isinstance(error, MemoryError | OutOfMemory)
        or type(error).__name__ == "OutOfMemoryError"
        or "DefaultCPUAllocator" in str(error)
    )


def as_domain_error(error: Exception) -> InferloopError:
    """Translate a library's exception. Its text is logged, and not part of the result."""
    if isinstance(error, InferloopError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory("The image does not fit into the device's memory")
    logger.error("generation failed", exc_info=error)
    return GenerationFailed("The model failed on this request")
