"""torch.compile as the config asks for it: it really compiles, and changes no picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engines.diffusion.config import ModelEntry
from engines.diffusion.engine import StepEngine
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)

pytestmark = pytest.mark.slow

COUNTING = "counting"


@pytest.fixture
def graphs() -> Iterator[list[torch.fx.GraphModule]]:
    """Graphs that went through the backend `counting`, which runs them as they are."""
    seen: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, _inputs: Sequence[Any]) -> Callable[..., Any]:
        seen.append(graph)
        return graph.forward

    torch.compiler.reset()
    torch._dynamo.register_backend(compiler_fn=backend, name=COUNTING)
    yield seen
    torch._dynamo.backends.registry._COMPILER_FNS.pop(COUNTING)
    torch.compiler.reset()


def compiled(**changes: Any) -> ModelEntry:
    return tiny_entry(torch_compile="default", **changes)


def pictures(entry: ModelEntry, last: tuple[int, int] = (96, 64)) -> list[npt.NDArray[np.uint8]]:
    """Of requests that join at different steps, so that steps hold 2 to 5 rows, in two sizes:
    the last one is (width, height) `last`, pixels."""
    engine = StepEngine(engine_config(entry), FakeClock())
    listeners = [RecordingListener() for _ in range(4)]
    for index, listener in enumerate(listeners):
        guidance = 1.0 if index == 2 else 7.5
        width, height = last if index == 3 else (64, 64)
        wanted = request(
            str(index), seed=index, guidance_scale=guidance, width=width, height=height
        )
        engine.submit(wanted, listener)
        engine.step()
    drive(engine, listeners)
    engine.shutdown()
    return [each.image.pixels for each in listeners if each.image is not None]


@pytest.mark.parametrize(("last", "count"), [((96, 96), 1), ((96, 64), 2)])
def test_it_compiles_once_a_kind_of_shape_and_the_pictures_stay(
    graphs: list[torch.fx.GraphModule], last: tuple[int, int], count: int
) -> None:
    """One graph for every number of rows and every square, one more for all other shapes (equal
    sides are one symbol to torch): a step would take seconds where it compiled anew. Within 1 of
    255: a graph may add floats in another order."""
    found = pictures(compiled(compile_backend=COUNTING), last)
    plain = pictures(tiny_entry(), last)
    assert len(graphs) == count
    assert len(found) == len(plain) == 4
    for ours, theirs in zip(found, plain, strict=True):
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_repeated_blocks_alone_compile_and_the_pictures_stay(
    graphs: list[torch.fx.GraphModule],
) -> None:
    """The tiny denoiser has blocks of one width and two places: its guards tell them apart at
    most once each, and rows and sizes never."""
    found = pictures(compiled(compile_backend=COUNTING, compile_scope="blocks"), (96, 96))
    assert 1 <= len(graphs) <= 3
    for ours, theirs in zip(found, pictures(tiny_entry(), (96, 96)), strict=True):
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_off_compiles_nothing(graphs: list[torch.fx.GraphModule]) -> None:
    pictures(tiny_entry(compile_backend=COUNTING))
    assert graphs == []
