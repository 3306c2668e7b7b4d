"""Sizes, modes and entries of a model as rules, without a model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from engines.diffusion.config import (
    EngineConfig,
    HubSource,
    LoraEntry,
    ModelEntry,
)
from engines.diffusion.counters import Counters, Stats
from engines.diffusion.model_options import GuidanceOptions
from engines.diffusion.sizes import SizeRule, crop_center, round_up, scaled_to_cover
from engines.diffusion.speed import EXACT, Shortcuts, SpeedModes, told

sides = st.integers(64, 1024)
rules = st.sampled_from(
    [SizeRule(8), SizeRule(64), SizeRule(8, (512, 768)), SizeRule(32, (64, 96))]
)
TINY: dict[str, Any] = {"id": "mini", "source": {"kind": "tiny"}}


def entry(**changes: Any) -> ModelEntry:
    return ModelEntry.model_validate({**TINY, **changes})


# Sizes


@given(rules, sides, sides)
@settings(max_examples=100)
def test_what_is_drawn_lies_on_the_grid_and_is_latent_pixels_exactly(
    rule: SizeRule, height: int, width: int
) -> None:
    drawn = rule.drawn(height, width)
    assert all(side % rule.grid_px == 0 and side > 0 for side in drawn)
    assert rule.latent(height, width) == tuple(side // rule.grid_px for side in drawn)
    if rule.sides_px is None:
        assert all(0 <= a - b < rule.grid_px for a, b in zip(drawn, (height, width), strict=True))
    else:
        assert min(drawn) == rule.sides_px[0]
        assert max(drawn) <= rule.sides_px[1]


@given(rules, st.integers(8, 90), st.integers(8, 90))
@settings(max_examples=50)
def test_every_picture_has_exactly_the_size_that_was_asked_for(
    rule: SizeRule, height: int, width: int
) -> None:
    drawn_height, drawn_width = (min(side, 128) for side in rule.drawn(height, width))
    drawn = np.zeros((drawn_height, drawn_width, 3), np.uint8)
    found, note = rule.fitted(drawn, height, width)
    assert found.shape == (height, width, 3)
    assert (note is None) == ((drawn_height, drawn_width) == (height, width))
    assert note is None or f"to {width}x{height}" in note


@pytest.mark.parametrize(("size", "up"), [(1, 8), (7, 8), (8, 8), (9, 16), (1024, 1024)])
def test_a_size_is_rounded_up_to_the_grid(size: int, up: int) -> None:
    assert round_up(size, 8) == up


@pytest.mark.parametrize(("height", "width"), [(4, 4), (1, 9), (9, 1), (50, 30)])
def test_a_scaled_picture_covers_what_is_asked_for(height: int, width: int) -> None:
    found = scaled_to_cover(np.full((8, 6, 3), 77, np.uint8), height, width)
    assert found.shape[0] >= height
    assert found.shape[1] >= width
    assert (found == 77).all()
    assert crop_center(found, height, width).shape == (height, width, 3)


# Modes


@pytest.mark.parametrize("total", [1, 2, 7, 50])
def test_exact_leaves_out_nothing(total: int) -> None:
    assert all(EXACT.guides(n, total) and EXACT.computes_deep(n) for n in range(total))
    assert EXACT.steps(total) == total


@pytest.mark.parametrize(
    ("start", "end", "guided"),
    [
        (0.0, 1.0, "0123456789"),
        (0.2, 0.8, "234567"),
        (0.0, 0.5, "01234"),
        (0.5, 1.0, "56789"),
        (0.5, 0.5, ""),
        (0.0, 0.0, ""),
        (1.0, 1.0, ""),
    ],
)
def test_guidance_lasts_for_its_share_of_the_schedule(
    start: float, end: float, guided: str
) -> None:
    shortcuts = Shortcuts(guidance_from=start, guidance_until=end)
    assert "".join(str(n) for n in range(10) if shortcuts.guides(n, 10)) == guided


@pytest.mark.parametrize(("every", "computed"), [(1, "0123456"), (2, "0246"), (5, "05"), (20, "0")])
def test_deep_layers_are_computed_once_in_so_many(every: int, computed: str) -> None:
    shortcuts = Shortcuts(deep_features_every=every)
    assert "".join(str(n) for n in range(7) if shortcuts.computes_deep(n)) == computed


@pytest.mark.parametrize(("most", "asked", "taken"), [(None, 50, 50), (12, 50, 12), (12, 4, 4)])
def test_steps_are_never_more_than_asked_for(most: int | None, asked: int, taken: int) -> None:
    assert Shortcuts(most_steps=most).steps(asked) == taken


@pytest.mark.parametrize(
    "change",
    [
        *({"guidance_from": 0.6, "guidance_until": 0.5}, {"guidance_from": -0.1}),
        *({"guidance_until": 1.1}, {"guidance_from": float("nan")}, {"most_steps": 0}),
        *({"deep_features_every": 0}, {"deep_features_every": 21}, {"steps": 3}),
    ],
    ids=str,
)
def test_a_shortcut_that_leads_nowhere_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Shortcuts.model_validate(change)


def test_a_request_s_mode_goes_before_the_model_s() -> None:
    modes = SpeedModes(default="fast")
    assert modes.of(None) == modes.of("fast") == modes.fast
    assert (modes.of("exact"), modes.of("balanced")) == (EXACT, modes.balanced)


def test_a_recipe_tells_only_what_was_left_out() -> None:
    assert told("exact", EXACT, 30, 2) == {"mode": "exact"}
    fast = told("fast", Shortcuts(most_steps=12), 12, 2)
    assert (fast["steps"], "outer_layers" in fast) == (12, False)
    assert told("balanced", Shortcuts(deep_features_every=2), 30, 3)["outer_layers"] == 3


# Guidance


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0, 2.0])
def test_no_guidance_stays_none_whatever_the_gain(gain: float) -> None:
    options = GuidanceOptions(gain=gain)
    assert options.effective(1.0) == 1.0
    assert options.effective(0.5) < 1
    assert options.effective(7.5) == pytest.approx(1 + gain * 6.5)


@pytest.mark.parametrize("gain", [0, -1, 11, float("nan"), float("inf")])
def test_a_gain_that_cannot_be_is_refused(gain: float) -> None:
    with pytest.raises(ValidationError):
        GuidanceOptions(gain=gain)


# Entries


@pytest.mark.parametrize(
    ("revision", "pinned"),
    [
        *((None, False), ("", False), ("main", False), ("a" * 39, False), ("A" * 40, False)),
        *(("a" * 41, False), ("g" * 40, False), ("0123456789" * 4 + "\n", False), ("a" * 40, True)),
    ],
)
def test_only_a_whole_commit_is_a_pin(revision: str | None, pinned: bool) -> None:
    assert HubSource(repository="o/n", revision=revision).is_pinned is pinned


@pytest.mark.parametrize(
    "change",
    [
        *({"drawn_sides_px": (768, 512)}, {"drawn_sides_px": (0, 8)}, {"id": ""}),
        *({"cuda_graph_rows": -1}, {"native_size_px": 0}, {"memory_bytes": 0}),
        {"cuda_graph_rows": 2, "torch_compile": "max-autotune"},
        {"guidance_rescale": 1.5},
        {"source": {"kind": "elsewhere"}},
        {"defaults": {"width": 65}},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**change)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), float("-inf")])
def test_an_adapter_has_a_strength_that_is_a_number(scale: float) -> None:
    """It multiplies weights: every picture would be gray noise."""
    with pytest.raises(ValidationError):
        LoraEntry.model_validate(
            {"name": "ink", "source": {"kind": "folder", "path": "x"}, "scale": scale}
        )


def test_a_model_is_found_by_each_of_its_names_and_no_other() -> None:
    served = entry(aliases=("a", "b"), stand_in_for=("sd",))
    config = EngineConfig(models=(served, entry(id="other", watermark="rivagan")))
    assert {config.find(name) for name in ("mini", "a", "b", "sd")} == {served}
    assert config.find("Mini") is config.find("") is None
    assert config.watermarked == {"other"}


def test_counters_of_two_engines_are_apart_and_a_snapshot_never_changes() -> None:
    one, other = Counters(), Counters()
    one.steps_total += 1
    assert other.steps_total == 0
    stats = Stats(0, 0, 0, 0, 0.0, 0, 0, 0, 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        stats.queued = 1  # type: ignore[misc]
