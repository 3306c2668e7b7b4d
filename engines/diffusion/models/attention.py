"""Choose an attention backend that works on the device."""

from __future__ import annotations

import logging
from typing import Any

import torch

from engines.diffusion.config import AttentionBackend

logger = logging.getLogger(__name__)
_BEST_FIRST: tuple[AttentionBackend, ...] = ("xformers",)


def use_attention_backend(pipe: Any, wanted: AttentionBackend) -> tuple[str, tuple[str, ...]]:
    """Set the pipeline's attention backend; returns the one in use, and notes for the recipe.

    If `wanted` does not work, "native" is used and there is one note; "auto" never has a note.

    Each backend is tried first, because diffusers accepts a backend that the device cannot run and
    fails at the first forward pass, or ignores it (`set_attention_backend` of UNets).
    """
    if wanted == "native":
        return "native", ()
    if wanted == "auto":
        for backend in _BEST_FIRST:
            if not _trouble(pipe, backend):
                return backend, ()
        return "native", ()
    trouble = _trouble(pipe, wanted)
    if not trouble:
        return wanted, ()
    note = f"attention backend {wanted} is not available ({trouble}); native was used"
    logger.warning(note)
    return "native", (note,)


def _trouble(pipe: Any, backend: AttentionBackend) -> str | None:
    """Switch the pipeline to the backend; returns the reason if that fails, else None."""
    device = pipe.device
    if device.type != "cuda":
        return f"it needs CUDA, the device is {device.type}"
    try:
        if backend == "xformers":
            from xformers.ops import (  # type: ignore[import-not-found]
                memory_efficient_attention,
            )

            probe = torch.zeros((1, 1, 1, 64), dtype=torch.float16, device=device)
            memory_efficient_attention(probe, probe, probe)
            pipe.enable_xformers_memory_efficient_attention()
        else:
            transformer = getattr(pipe, "transformer", None)
            if transformer is None:
                return "this model's UNet does not take it"
            transformer.set_attention_backend(backend)
    except (ImportError, NotImplementedError, ValueError, RuntimeError) as error:
        return type(error).__name__
    return None
