"""Weights whose owner could change them are refused before anything is loaded."""

from __future__ import annotations

import pytest

from engines.diffusion.config import FolderSource, HubSource, LoraEntry, TinySource
from engines.diffusion.pinning import check_pinned
from tests.engines.diffusion.rig import engine_config, tiny_entry

COMMIT = "0123456789abcdef" * 2 + "01234567"
MOVING = [None, "", "main", "v1.5", "refs/pr/1", COMMIT[:-1], COMMIT + "0", COMMIT.upper()]


def hub(revision: str | None) -> HubSource:
    return HubSource(repository="owner/name", revision=revision)


def adapter(source: HubSource | FolderSource) -> LoraEntry:
    return LoraEntry(name="style", source=source)


@pytest.mark.parametrize("revision", MOVING, ids=str)
def test_a_model_that_a_branch_or_a_tag_names_is_refused(revision: str | None) -> None:
    config = engine_config(tiny_entry(), tiny_entry(id="fox", source=hub(revision)))
    with pytest.raises(ValueError, match=r"fox: .*owner/name .*allow_unpinned_models"):
        check_pinned(config)


@pytest.mark.parametrize("revision", MOVING, ids=str)
def test_so_is_an_adapter_of_a_model_that_is_pinned_itself(revision: str | None) -> None:
    entry = tiny_entry(id="fox", source=hub(COMMIT), loras=(adapter(hub(revision)),))
    with pytest.raises(ValueError, match="model fox"):
        check_pinned(engine_config(entry))


def test_a_commit_and_what_lies_on_this_machine_are_taken() -> None:
    check_pinned(
        engine_config(
            tiny_entry(source=TinySource()),
            tiny_entry(id="here", source=FolderSource(path="fox")),
            tiny_entry(
                id="there",
                source=hub(COMMIT),
                loras=(adapter(hub(COMMIT)),),
            ),
        )
    )


def test_the_first_that_is_not_pinned_is_named() -> None:
    entries = [tiny_entry(id=name, source=hub("main")) for name in ("one", "two")]
    with pytest.raises(ValueError, match="model one"):
        check_pinned(engine_config(*entries))
