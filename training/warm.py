"""Starts the training with the weights in the folder of an earlier run.

The folder contains float16 weights of every part, the judge and the latent code, 42 MB in total,
but not the state of the optimizers. The weights only work with the latent code in ``code.pt``.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

from training.cache import Cache, load_state, save_state
from training.language.words import build_tokenizer, write_tokenizer
from training.networks.latent_code import FILE as CODE
from training.networks.parts import Denoiser

START = "start.pt"
JUDGE = "judge.pt"
MERGES = "merges.txt"
Weights = dict[str, Any]


def start_from(folder: Path, cache: Cache) -> None:
    """Use an earlier run's folder as the start of every stage of a new cache.

    Raises ValueError if the folder has no latent code, or if its token ids differ from those in the
    cache; FileExistsError if the cache already has another latent code."""
    if not (folder / CODE).exists():
        raise ValueError(f"{folder} has no {CODE}: the weights do not work without it")
    own = cache.file(CODE)
    if own.exists() and not _same(load_state(own), load_state(folder / CODE)):
        raise FileExistsError(f"{own} and {folder} have different latent codes")
    take_tokenizer(folder, cache.file("tokenizer/x").parent)
    shutil.copy(folder / CODE, own)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    words = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32)
    vae = AutoencoderTiny.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    judge = load_state(folder / JUDGE) or {}
    save_state(
        cache.file(START),
        {
            "unet": unet.state_dict(),
            "text_encoder": words.state_dict(),
            "encoder": vae.encoder.layers.state_dict(),
            "decoder": vae.decoder.layers.state_dict(),
            "judge": {name: _widened(value) for name, value in judge.items()},
        },
    )


def take_tokenizer(folder: Path, own: Path) -> None:
    """Write the tokenizer of a model's folder into `own`, as the files that training reads.

    Raises ValueError if `own` has a tokenizer with other ids for the same tokens. Additional tokens
    are allowed."""
    model = json.loads((folder / "tokenizer" / "tokenizer.json").read_text("utf-8"))["model"]
    if not (own / "merges.txt").exists():
        write_tokenizer(own, model["vocab"], model["merges"])
    elif not model["vocab"].items() <= build_tokenizer(own).get_vocab().items():
        raise ValueError(f"the tokenizers of {folder} and {own} have different token ids")


def _widened(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value


def _same(one: Weights | None, other: Weights | None) -> bool:
    if one is None or other is None or one.keys() != other.keys():
        return False
    return all(torch.equal(one[name], other[name]) for name in one)


def known(cache: Cache) -> bool:
    """Return whether the cache has start weights."""
    return cache.file(START).exists()


def part(cache: Cache, name: str, module: nn.Module) -> bool:
    """Copy the start weights of a part into the module. Returns False if there are none."""
    state = load_state(cache.file(START))
    if state is None or not state[name]:
        return False
    module.load_state_dict(state[name])
    return True


def denoiser(cache: Cache, made: Denoiser) -> bool:
    """Copy the start weights into the denoiser. Returns False if there are none."""
    return part(cache, "unet", made.unet) and part(cache, "text_encoder", made.text_encoder)
