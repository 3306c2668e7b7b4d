"""The folded tail gives what the layers give, at the border too."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderTiny
from torch import nn

from engines.diffusion.decoding.linear_tail import LinearTail, fold_linear_tail


def up() -> nn.Module:
    return nn.Upsample(scale_factor=2, mode="nearest")


def conv(inputs: int, outputs: int, bias: bool = False) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


@pytest.fixture(autouse=True)
def _weights() -> None:
    torch.manual_seed(3)


@pytest.mark.parametrize("size", [(6, 6), (9, 7), (16, 24), (2, 16), (1, 1)])
@pytest.mark.parametrize(
    "tail",
    [
        lambda: [up(), conv(5, 4), up(), conv(4, 4), conv(4, 3, bias=True)],
        lambda: [up(), conv(5, 3, bias=True)],
        lambda: [up(), conv(5, 4, bias=True), up(), conv(4, 3, bias=True)],
    ],
)
@torch.no_grad()
def test_equals_the_layers_everywhere(tail: type, size: tuple[int, int]) -> None:
    layers = nn.Sequential(conv(5, 5), nn.ReLU(), *tail())
    folded = fold_linear_tail(layers)
    assert isinstance(folded[-1], LinearTail)
    picture = torch.randn((2, 5, *size))
    torch.testing.assert_close(folded(picture), layers(picture), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_equals_a_whole_autoencoder() -> None:
    vae = AutoencoderTiny(
        latent_channels=4,
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(0, 0, 1, 1),
        num_decoder_blocks=(2, 1, 0, 0),
    ).eval()
    latents = torch.randn((1, 4, 8, 10))
    plain = vae.decode(latents).sample
    vae.decoder.layers = fold_linear_tail(vae.decoder.layers)
    assert isinstance(vae.decoder.layers[-1], LinearTail)
    torch.testing.assert_close(vae.decode(latents).sample, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        nn.Sequential(conv(4, 4), nn.ReLU(), conv(4, 3)),
        nn.Sequential(up(), conv(4, 4), nn.ReLU(), conv(4, 3)),
        nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), conv(4, 3)),
        nn.Sequential(up(), nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect")),
        nn.Sequential(up(), nn.Conv2d(4, 3, 9, padding=4)),
    ],
)
def test_what_is_not_a_linear_tail_of_small_reach_is_left_alone(layers: nn.Sequential) -> None:
    assert fold_linear_tail(layers) is layers
