"""A fake engine, which draws only colors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.testing.diffusion import FakeEngine


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine()
    engine.start()
    yield engine
    engine.shutdown()
