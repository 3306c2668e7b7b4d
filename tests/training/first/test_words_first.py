"""The text encoder learns what words look like before the denoiser is trained on them."""

import copy
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPTextModel

from tests.training.first.conftest import PutTokenizer
from training.cache import Cache, save_state
from training.first import text
from training.first.batches import Batch
from training.first.latents import CHANNELS
from training.first.networks import (
    Denoiser,
    build_text_encoder,
    build_tokenizer,
    grow_tokenizer,
    tokenise,
)
from training.first.text import Reader, reading_loss
from training.language.phrases import NEGATIVE, unconditional
from training.language.words import write_tokenizer
from training.running.optimize import Optimizer
from training.warm import take_tokenizer


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def two_colors() -> Batch:
    """Return a batch of two captions whose latents are +1 and -1 everywhere."""
    bright, dark = torch.ones(CHANNELS, 16, 16), -torch.ones(CHANNELS, 16, 16)
    return Batch(torch.stack([bright, dark]), ["a white star", "a black cat"])


def test_the_reader_learns_to_tell_two_captions_apart(
    cache: Cache, put_tokenizer: PutTokenizer
) -> None:
    put_tokenizer(cache.file("tokenizer/x").parent)
    torch.manual_seed(0)
    reader, batch = Reader(cache), two_colors()
    optimizer = torch.optim.AdamW(reader.parameters(), lr=3e-3)
    first = reading_loss(reader, batch, batch.captions).item()
    for _ in range(24):
        loss = reading_loss(reader, batch, batch.captions)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert first > 0.5
    assert loss.item() < 0.1
    with torch.no_grad():
        assert reader(batch.captions).shape == (2, CHANNELS, 8, 8)


def test_a_checkpoint_of_the_words_fits_the_denoiser(
    cache: Cache, put_tokenizer: PutTokenizer
) -> None:
    put_tokenizer(cache.file("tokenizer/x").parent)
    torch.manual_seed(0)
    reader = Reader(cache)
    save_state(cache.file(text.CHECKPOINT), {"model": reader.state_dict()})
    denoiser = Denoiser(cache.file("tokenizer/x").parent)
    denoiser.text_encoder.load_state_dict(reader.text_encoder.state_dict())
    captions = ["a fox", ""]
    hidden = reader.text_encoder(tokenise(reader.tokenizer, captions))[0]
    torch.testing.assert_close(denoiser.encode(captions), hidden)


def test_what_says_nothing_is_empty_or_a_customary_negative_prompt() -> None:
    rng = random.Random(0)
    made = [unconditional("a fox", 0.5, rng) for _ in range(400)]
    kept = made.count("a fox")
    assert 150 < kept < 250
    for caption in set(made) - {"a fox", ""}:
        assert set(caption.split(", ")) <= set(NEGATIVE)


def quadratic() -> tuple[torch.nn.Sequential, torch.Tensor]:
    """Return a tiny convolution plus bias, and an input for it."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4, 2))
    return model, torch.randn(8, 3, 3, 3)


def test_both_optimizers_move_their_own_parameters_and_lower_the_loss() -> None:
    model, inputs = quadratic()
    optimizer = Optimizer(model, 1e-2)
    before = [p.detach().clone() for p in model.parameters()]
    losses = []
    for _ in range(30):
        loss = (model(inputs) - 1).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    for old, new in zip(before, model.parameters(), strict=True):
        assert not np.allclose(old, new.detach())
        assert new.grad is not None
        assert not new.grad.any()


def test_a_restored_optimizer_goes_on_as_if_never_stopped() -> None:
    def run(model: torch.nn.Sequential, optimizer: Optimizer, steps: int) -> None:
        for _ in range(steps):
            (model(inputs) - 1).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()

    model, inputs = quadratic()
    optimizer = Optimizer(model, 1e-2)
    run(model, optimizer, 3)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    state = copy.deepcopy(optimizer.state_dict())
    again, _ = quadratic()
    again.load_state_dict(weights)
    restored = Optimizer(again, 1e-2)
    restored.load_state_dict(state)
    run(model, optimizer, 3)
    run(again, restored, 3)
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.fixture
def folder(tmp_path: Path, put_tokenizer: PutTokenizer) -> Path:
    """The words of an earlier model: its tokenizer and its text encoder, as a pipeline keeps it."""
    tokenizer = build_tokenizer(put_tokenizer(tmp_path / "before"))
    tokenizer.save_pretrained(tmp_path / "model" / "tokenizer")
    torch.manual_seed(0)
    build_text_encoder(len(tokenizer)).save_pretrained(tmp_path / "model" / "text_encoder")
    return tmp_path / "model"


def test_a_tokenizer_grows_by_whole_words_and_keeps_its_numbers(
    tmp_path: Path, put_tokenizer: PutTokenizer
) -> None:
    before = build_tokenizer(put_tokenizer(tmp_path / "tokenizer"))
    known = "a red apple on a blue background"
    assert len(before.tokenize("xylophone")) > 1
    added = grow_tokenizer(tmp_path / "tokenizer", ["xylophone", "apple"])
    after = build_tokenizer(tmp_path / "tokenizer")
    assert len(after) == len(before) + added
    assert after.tokenize("xylophone") == ["xylophone</w>"]
    assert before.get_vocab().items() <= after.get_vocab().items()
    assert after(known).input_ids == before(known).input_ids
    assert grow_tokenizer(tmp_path / "tokenizer", ["xylophone"]) == 0


def test_new_words_learn_and_the_old_ones_are_told_as_before(cache: Cache, folder: Path) -> None:
    words = cache.file("tokenizer/x").parent
    take_tokenizer(folder, words)
    grow_tokenizer(words, ["xylophone"])
    take_tokenizer(folder, words)  # one with more words is no other one
    torch.manual_seed(1)
    reader = Reader(cache)
    reader.start_from(folder)
    known = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    old = tokenise(reader.tokenizer, ["a red apple"])
    before = known(old)[0]
    torch.testing.assert_close(reader.text_encoder(old)[0], before)
    new = tokenise(reader.tokenizer, ["xylophone"])
    first = reader.text_encoder(new)[0].detach()
    trained = [p for p in reader.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2, weight_decay=0)
    batch = Batch(two_colors().latents, ["a xylophone", "a red apple"])
    reading_loss(reader, batch, batch.captions).backward()
    optimizer.step()
    torch.testing.assert_close(reader.text_encoder(old)[0], before)
    assert not torch.allclose(reader.text_encoder(new)[0], first)


def test_another_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    model = json.loads((folder / "tokenizer" / "tokenizer.json").read_text("utf-8"))["model"]
    turned = {word: len(model["vocab"]) - 1 - n for word, n in model["vocab"].items()}
    write_tokenizer(tmp_path / "other", turned, model["merges"])
    with pytest.raises(ValueError, match="different token ids"):
        take_tokenizer(folder, tmp_path / "other")


def test_captions_are_read_on_the_device_of_the_reader(
    cache: Cache, put_tokenizer: PutTokenizer
) -> None:
    put_tokenizer(cache.file("tokenizer/x").parent)
    reader = Reader(cache).to("meta")
    assert reader(["a white star", "a black cat"]).device.type == "meta"
