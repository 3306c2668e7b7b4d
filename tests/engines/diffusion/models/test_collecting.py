"""The collector waits while modules are loaded, and only then."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from engines.diffusion.models.loader_threads import collecting_later


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


def test_nothing_is_collected_meanwhile_and_again_afterwards() -> None:
    gc.enable()
    with collecting_later():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_import_that_fails_does_not_leave_it_off() -> None:
    gc.enable()
    with pytest.raises(ImportError), collecting_later():
        raise ImportError("no such library")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with collecting_later():
        pass
    assert not gc.isenabled()
