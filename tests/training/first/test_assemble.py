"""The folder of a model: the trained denoiser with the decoder that its latent code belongs to."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.first.conftest import PutTokenizer
from training.cache import Cache, save_state
from training.first.assemble import load_denoiser, pipeline
from training.first.latents import CHANNELS
from training.first.networks import Denoiser, build_vae


@pytest.fixture
def cache(tmp_path: Path, put_tokenizer: PutTokenizer) -> Cache:
    """A cache with a denoiser whose EMA differs from its weights, and without a decoder."""
    made = Cache(tmp_path / "cache")
    torch.manual_seed(0)
    model: nn.Module = Denoiser(put_tokenizer(made.file("tokenizer/x").parent))
    ema = [parameter.detach() + 1 for parameter in model.parameters()]
    save_state(made.file("unet.pt"), {"model": model.state_dict(), "ema": ema})
    return made


@pytest.mark.slow
def test_the_running_mean_is_what_is_kept(cache: Cache) -> None:
    mean, last = load_denoiser(cache), load_denoiser(cache, ema=False)
    for one, other in zip(mean.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(one, other + 1)


@pytest.mark.slow
def test_the_decoder_of_a_folder_is_taken_where_it_is_named(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pipeline(cache)
    torch.manual_seed(1)
    known = build_vae()
    known.save_pretrained(tmp_path / "model" / "vae")
    made = pipeline(cache, decoder=tmp_path / "model")
    latents = torch.randn(1, CHANNELS, 2, 2)
    torch.testing.assert_close(made.vae.decode(latents).sample, known.decode(latents).sample)
