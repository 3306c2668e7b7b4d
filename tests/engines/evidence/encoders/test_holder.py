"""One encoder for all threads: loaded when it is needed, once, or told why it is not there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.evidence.config import EvidenceConfig
from engines.evidence.encoders.encoder import EncoderUnavailable
from engines.evidence.encoders.holder import EncoderHolder
from tests.engines.evidence.conftest import SmallEncoder
from tests.waiting import PATIENCE_S


class Loader:
    """Counts; fails the first times."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.configs: list[EvidenceConfig] = []

    def __call__(self, config: EvidenceConfig) -> SmallEncoder:
        self.configs.append(config)
        if self.failures:
            raise self.failures.pop(0)
        return SmallEncoder()


def test_nothing_is_loaded_before_somebody_needs_it() -> None:
    loader = Loader()
    holder = EncoderHolder(EvidenceConfig(threads=3), loader)
    assert loader.configs == []
    holder.get()
    assert [config.threads for config in loader.configs] == [3]


def test_all_threads_get_the_same_encoder_that_was_loaded_once() -> None:
    loader, together = Loader(), threading.Barrier(4)
    holder = EncoderHolder(EvidenceConfig(), loader)

    def ask(_: int) -> object:
        together.wait(PATIENCE_S)
        return holder.get()[0]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len({id(each) for each in found}) == 1
    assert len(loader.configs) == 1


def test_an_encoder_that_is_not_there_is_said_and_not_tried_again() -> None:
    loader = Loader(EncoderUnavailable("There is no encoder mine.onnx"))
    holder = EncoderHolder(EvidenceConfig(), loader)
    assert holder.get() == (None, "There is no encoder mine.onnx")
    assert holder.get() == (None, "There is no encoder mine.onnx")
    assert len(loader.configs) == 1


def test_a_mistake_of_ours_is_no_missing_encoder() -> None:
    """It is raised, and the next request tries again."""
    holder = EncoderHolder(EvidenceConfig(), Loader(MemoryError()))
    with pytest.raises(MemoryError):
        holder.get()
    assert holder.get()[0] is not None
