"""A UNet taken apart gives what the whole one gives, and its deep layers run for whom they must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from engines.diffusion.denoiser.deep_features import SplitForward, can_split
from engines.diffusion.models import tiny

ROWS = 3


def sd_unet() -> Any:
    return tiny.build_tiny_pipeline().unet


def xl_unet() -> Any:
    return tiny.build_tiny_xl_pipeline().unet


def inputs(unet: Any, rows: int = ROWS, sides: tuple[int, int] = (8, 8)) -> dict[str, Any]:
    torch.manual_seed(3)
    given: dict[str, Any] = {
        "sample": torch.randn(rows, 4, *sides),
        "timestep": torch.linspace(900, 100, rows),
        "encoder_hidden_states": torch.randn(rows, 16, unet.config.cross_attention_dim),
    }
    if unet.config.addition_embed_type == "text_time":
        given["added_cond_kwargs"] = {
            "text_embeds": torch.randn(rows, 32),
            "time_ids": torch.full((rows, 6), 64.0),
        }
    return given


@pytest.mark.parametrize("make", [sd_unet, xl_unet])
@pytest.mark.parametrize("outer", [1, 2, 99])
@pytest.mark.parametrize("sides", [(8, 8), (9, 7)])
@torch.inference_mode()
def test_computed_anew_it_is_the_whole_unet_to_the_last_bit(
    make: Callable[[], Any], outer: int, sides: tuple[int, int]
) -> None:
    unet = make()
    given = inputs(unet, sides=sides)
    split = SplitForward(unet, [None] * ROWS, outer)
    assert torch.equal(split(**given)[0], unet(**given, return_dict=False)[0])
    assert all(each is not None and each.shape[0] == 1 for each in split.kept)


@pytest.mark.parametrize("make", [sd_unet, xl_unet])
@torch.inference_mode()
def test_the_same_input_with_its_own_features_gives_the_same(make: Callable[[], Any]) -> None:
    unet = make()
    given = inputs(unet)
    first = SplitForward(unet, [None] * ROWS)
    computed = first(**given)[0]
    again = SplitForward(unet, first.kept)(**given)[0]
    assert torch.equal(again, computed)


@pytest.mark.parametrize("outer", [1, 2])
@torch.inference_mode()
def test_rows_with_and_without_features_share_a_forward(outer: int) -> None:
    unet = sd_unet()
    first = SplitForward(unet, [None] * ROWS, outer)
    first(**inputs(unet))
    later = inputs(unet)
    later["sample"] = later["sample"] + 0.1
    mixed = SplitForward(unet, [first.kept[0], None, first.kept[2]], outer)
    prediction = mixed(**later)[0]
    anew = SplitForward(unet, [None] * ROWS, outer)(**later)[0]
    again = SplitForward(unet, first.kept, outer)(**later)[0]
    assert torch.allclose(prediction[1], anew[1], atol=1e-5)
    assert torch.allclose(prediction[[0, 2]], again[[0, 2]], atol=1e-5)
    assert not torch.allclose(prediction[0], anew[0], atol=1e-4), "nothing was used again"
    assert mixed.kept[0] is first.kept[0]
    assert mixed.kept[1] is not first.kept[1]


@torch.inference_mode()
def test_the_deep_layers_run_only_for_rows_that_need_them() -> None:
    unet = sd_unet()
    rows: list[int] = []
    deepest = unet.mid_block.resnets[0]
    deepest.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    first = SplitForward(unet, [None] * ROWS)
    first(**inputs(unet))
    SplitForward(unet, [None, *first.kept[1:]])(**inputs(unet))
    SplitForward(unet, first.kept)(**inputs(unet))
    assert rows == [ROWS, 1]


def test_only_unets_of_known_blocks_are_taken_apart() -> None:
    unet = sd_unet()
    assert can_split(unet)
    unet.up_blocks[-1] = torch.nn.Identity()
    assert not can_split(unet)
    assert not can_split(torch.nn.Identity())
