"""What the core asks of its parts (`engines.protocols`), and that its own parts give it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from engines import protocols
from engines.diffusion.counters import Stats
from engines.diffusion.engine import StepEngine
from engines.protocols import DiffusionEngine, EngineStats, GenerationListener, Storage
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.storage import S3Storage
from engines.testing.diffusion import FakeEngine

CONTRACTS = (Storage, GenerationListener, DiffusionEngine, EngineStats)
KEPT: tuple[tuple[type, type], ...] = (
    (Storage, FolderStorage),
    (Storage, S3Storage),
    (DiffusionEngine, FakeEngine),
    (DiffusionEngine, StepEngine),
)


def members(contract: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(contract).items():
        if not name.startswith("_") and (callable(member) or isinstance(member, property)):
            yield name, member


def parameters(function: object) -> list[tuple[str, object, object]]:
    """Name, kind and default of each, without `self`."""
    assert callable(function)
    found = list(inspect.signature(function).parameters.values())[1:]
    return [(each.name, each.kind, each.default) for each in found]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_member_of_a_contract_says_what_it_does(contract: type) -> None:
    assert contract.__doc__
    for name, member in members(contract):
        words = inspect.getdoc(member)
        assert words, name
        assert words.endswith("."), name


@pytest.mark.parametrize(("contract", "kept"), KEPT)
def test_a_part_has_all_that_its_contract_names(contract: type, kept: type) -> None:
    missing = [name for name, _ in members(contract) if not hasattr(kept, name)]
    assert missing == []


def test_counters_of_an_engine_are_all_there() -> None:
    fields = {*Stats.__dataclass_fields__, *dir(Stats)}
    assert {name for name, _ in members(EngineStats)} <= fields


@pytest.mark.parametrize(("contract", "kept"), KEPT)
def test_a_part_can_be_called_as_its_contract_says(contract: type, kept: type) -> None:
    """Its first parameters are those of the contract; more must have defaults."""
    for name, member in members(contract):
        asked, given = parameters(member), parameters(getattr(kept, name))
        assert [each[0] for each in given[: len(asked)]] == [each[0] for each in asked], name
        for _, kind, default in given[len(asked) :]:
            variable = kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
            assert variable or default is not inspect.Parameter.empty, name


def test_work_that_somebody_always_waits_for_is_never_stopped() -> None:
    assert all(protocols.never_stopped() is None for _ in range(3))  # type: ignore[func-returns-value]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_cannot_be_made_by_itself(contract: type) -> None:
    with pytest.raises(TypeError, match="Protocols cannot be instantiated"):
        contract()
