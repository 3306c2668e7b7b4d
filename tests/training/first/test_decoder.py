"""The decoder's two stages at a tiny size: they learn, and go on where they were."""

import argparse
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.training.first.art import art_cache
from training.cache import Cache, load_state
from training.first.decoder import (
    CELLS,
    SHARP,
    SOFT,
    FastDecoder,
    Pictures,
    Stage,
    averaged,
    load_decoder,
)
from training.first.latents import CHANNELS
from training.first.networks import build_vae
from training.networks.critic import Critic, Duel, critic_loss


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return art_cache(tmp_path)


def a_stage(cache: Cache) -> Stage:
    torch.manual_seed(0)
    args = argparse.Namespace(cache=cache.root, batch=4, seed=0, device="cpu")
    return Stage(args, FastDecoder(build_vae()))


def test_crops_lie_on_the_latent_grid(cache: Cache) -> None:
    latents, pixels = Pictures(cache, seed=0).crops(8)
    assert latents.shape == (8, CHANNELS, CELLS, CELLS)
    assert pixels.shape == (8, 3, 32 * CELLS, 32 * CELLS)
    assert -1 <= float(pixels.min()) < float(pixels.max()) <= 1


def test_the_critic_learns_to_tell_blurred_from_drawn() -> None:
    torch.manual_seed(0)
    duel = Duel(rate=5e-3)
    checks: Tensor = (torch.arange(32) // 4 % 2).float() * 2 - 1
    drawn = (checks[:, None] * checks[None, :]).expand(4, 3, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(drawn, 5, 1, 2)
    first = duel.learn(drawn, blurred)
    for _ in range(12):
        last = duel.learn(drawn, blurred)
    assert last < 0.9 * first
    assert duel.owed(drawn) < duel.owed(blurred), "a decoder owes less for what looks drawn"


def test_owing_teaches_the_decoder_and_not_the_critic() -> None:
    duel, made = Duel(rate=1e-3), torch.zeros(1, 3, 32, 32, requires_grad=True)
    duel.owed(made).backward()
    assert made.grad is not None
    assert float(made.grad.abs().sum()) > 0
    assert all(p.grad is None for p in duel.critic.parameters())


def test_a_critic_that_is_sure_has_nothing_to_lose() -> None:
    assert critic_loss(torch.full((2,), 1.5), torch.full((2,), -2.0)) == 0
    assert critic_loss(torch.zeros(2), torch.zeros(2)) == 2
    assert Critic()(torch.zeros(1, 3, 128, 128)).shape == (1, 1, 16, 16)


@pytest.mark.slow
def test_both_stages_go_on_where_they_were(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = a_stage(cache)
    fresh = [p.detach().clone() for p in stage.trained()]
    stage.learn(minutes=1e-4, peak=1e-3)
    assert any(not torch.equal(a, b) for a, b in zip(fresh, stage.trained(), strict=True))
    stage.sharpen(minutes=1e-4)
    again = a_stage(cache)
    again.learn(minutes=1e-4, peak=1e-3)
    again.sharpen(minutes=1e-4)
    told = capsys.readouterr().out
    assert "decoder: 0.0 of 0.0001 min" in told
    assert "critic" in told
    kept = load_state(cache.file(SHARP))
    assert kept is not None
    assert {"critic", "critic_optimizer", "mean"} <= set(kept)
    torch.testing.assert_close(again.model.state_dict(), stage.model.state_dict())


@pytest.mark.slow
def test_the_trained_decoder_is_the_running_mean_of_the_sharp_one(cache: Cache) -> None:
    with pytest.raises(FileNotFoundError):
        load_decoder(cache)
    stage = a_stage(cache)
    stage.learn(minutes=1e-4, peak=1e-3)
    soft = load_state(cache.file(SOFT))
    assert soft is not None
    torch.testing.assert_close(load_decoder(cache).state_dict(), soft["model"])
    stage.sharpen(minutes=1e-4)
    sharp = load_state(cache.file(SHARP))
    assert sharp is not None
    mean = averaged(FastDecoder(build_vae()))
    mean.load_state_dict(sharp["mean"])
    torch.testing.assert_close(load_decoder(cache).state_dict(), mean.module.state_dict())


def test_it_starts_from_the_weights_of_a_folder(tmp_path: Path) -> None:
    torch.manual_seed(1)
    vae = build_vae()
    known = FastDecoder(vae)
    vae.save_pretrained(tmp_path / "vae")
    again = FastDecoder(build_vae(), tmp_path / "vae")
    latents = torch.randn(1, CHANNELS, 2, 2)
    torch.testing.assert_close(again(latents), known(latents))
    torch.testing.assert_close(vae.decode(latents / 3).sample, known(latents))
