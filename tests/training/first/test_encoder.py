"""The encoder learns the linear latent code, and gets into a model's folder."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny

from tests.training.first.art import art_cache
from training.cache import Cache
from training.first.decoder import Pictures
from training.first.encoder import (
    ENCODER,
    Encoder,
    LinearCode,
    learn,
    load_encoder,
    put_into,
    varied,
)
from training.first.latents import CHANNELS, Basis
from training.first.networks import build_vae


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return art_cache(tmp_path / "cache")


def test_the_code_of_a_batch_is_the_code_of_its_pictures(cache: Cache) -> None:
    latents, pixels = Pictures(cache, seed=0).crops(8)
    torch.testing.assert_close(LinearCode(Basis.load(cache))(pixels), latents, atol=1e-3, rtol=1e-4)


def test_half_of_a_batch_is_varied_and_stays_a_picture() -> None:
    torch.manual_seed(0)
    pixels = torch.rand(6, 3, 64, 64) * 2 - 1
    made = varied(pixels)
    torch.testing.assert_close(made[:3], pixels[:3])
    assert not torch.equal(made[3:], pixels[3:])
    assert made.shape == pixels.shape
    assert -1 <= float(made.min()) < float(made.max()) <= 1


def test_a_batch_of_one_is_not_varied() -> None:
    pixels = torch.zeros(1, 3, 32, 32)
    assert torch.equal(varied(pixels), pixels)


def test_it_learns_and_goes_on_where_it_was(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_encoder(cache) is None
    torch.manual_seed(0)
    fresh = Encoder().state_dict()
    torch.manual_seed(0)
    learn(cache, minutes=1e-4, peak=1e-3, batch=4, seed=0)
    first = torch.load(cache.file(ENCODER), weights_only=True)
    assert any(not torch.equal(value, fresh[name]) for name, value in first["model"].items())
    again = learn(cache, minutes=1e-4, peak=1e-3, batch=4, seed=0)
    kept = load_encoder(cache)
    assert kept is not None
    torch.testing.assert_close(again.state_dict(), kept.state_dict())
    torch.testing.assert_close(
        kept.state_dict(),
        {
            name.removeprefix("module."): value
            for name, value in first["mean"].items()
            if name.startswith("module.")
        },
    )
    assert "dB below latents of sd 1" in capsys.readouterr().out


def test_a_folder_gets_the_encoder_and_keeps_its_decoder(tmp_path: Path) -> None:
    torch.manual_seed(1)
    before, encoder = build_vae(), Encoder()
    before.half().save_pretrained(tmp_path / "vae")
    put_into(tmp_path, encoder)
    after = AutoencoderTiny.from_pretrained(tmp_path / "vae", torch_dtype=torch.float32)
    pixels = torch.rand(1, 3, 64, 64) * 2 - 1
    torch.testing.assert_close(
        after.encode(pixels).latents * after.config.scaling_factor,
        encoder(pixels),
        atol=5e-3,
        rtol=5e-3,
    )
    latents = torch.randn(1, CHANNELS, 2, 2)
    torch.testing.assert_close(
        after.decode(latents).sample,
        before.float().decode(latents).sample,
    )


def test_everything_is_made_on_the_device_of_the_pictures(cache: Cache) -> None:
    pixels = torch.empty(4, 3, 64, 64, device="meta")
    code, encoder = LinearCode(Basis.load(cache)).to("meta"), Encoder().to("meta")
    for made in (varied(pixels), code(pixels), encoder(pixels)):
        assert made.device.type == "meta"
