"""Batches: every kind of picture comes, and new things come oftener where that is asked."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.training.first.banks import GRID, a_cache
from tests.training.first.conftest import PutTokenizer
from training.cache import Cache
from training.first.batches import Sampler
from training.first.captions import COLORED, PEOPLE
from training.first.concepts import CONCEPTS, LEARNED_FIRST, SETS
from training.first.feed import Batches, feed
from training.first.latents import CHANNELS
from training.first.networks import TOKENS, build_tokenizer

SAMPLES = 400


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return a_cache(tmp_path_factory.mktemp("banks"))


def test_a_batch_is_of_float32_and_seeded(cache: Cache) -> None:
    batch, again = (Sampler(cache, 3).draw(16, 0) for _ in range(2))
    assert batch.latents.shape == (16, CHANNELS, *GRID)
    assert str(batch.latents.dtype) == "torch.float32"
    assert batch.captions == again.captions
    assert np.array_equal(batch.latents.numpy(), again.latents.numpy())


def test_every_kind_of_picture_comes(cache: Cache) -> None:
    captions = " / ".join(Sampler(cache, 0).draw(3 * SAMPLES, 0).captions)
    for words in ("two ", "three ", " and ", " in a ", "background", "at night"):
        assert words in captions
    assert any(name in captions for group in SETS for name in group.names)


def test_styles_and_silhouettes_come_and_colors_are_kept(cache: Cache) -> None:
    captions = Sampler(cache, 0).draw(3 * SAMPLES, 0).captions
    for words in ("silhouette of ", "black and white", "sepia", "pastel"):
        assert any(words in caption for caption in captions), words
    styled = [c for c in captions if "sepia" in c or "pastel" in c]
    assert styled
    assert not any(COLORED.search(caption) for caption in styled)


def test_art_styles_and_skin_tones_come(cache: Cache) -> None:
    captions = Sampler(cache, 0).draw(4 * SAMPLES, 0).captions
    for words in ("3d", "flat", "icon of", "dark-skinned ", "light skin", "brown skin"):
        assert any(words in caption for caption in captions), words
    tones = [c for c in captions if "-skinned" in c or " skin" in c]
    people = [name for thing in PEOPLE for name in thing.names]
    assert all(any(name in caption for name in people) for caption in tones)


def share_of_new(sampler: Sampler) -> float:
    """Return the share of single objects that were not learned first."""
    new = {name for thing in CONCEPTS[LEARNED_FIRST:] for name in thing.names}
    old = {name for thing in CONCEPTS[:LEARNED_FIRST] for name in thing.names}
    counts = [0, 0]
    for caption in sampler.draw(SAMPLES, 0).captions:
        counts[0] += any(f" {name}" in f" {caption}" for name in new)
        counts[1] += any(f" {name}" in f" {caption}" for name in old)
    return counts[0] / sum(counts)


def test_what_was_not_learned_first_comes_oftener(cache: Cache) -> None:
    even, favored = (share_of_new(Sampler(cache, 0, favor)) for favor in (1.0, 4.0))
    assert favored > even + 0.1


def test_the_samplers_of_two_processes_differ(cache: Cache) -> None:
    assert Sampler(cache, 0).draw(8, 0).captions != Sampler(cache, 1).draw(8, 0).captions


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_fed_from_here_or_from_workers(
    cache: Cache, tmp_path: Path, put_tokenizer: PutTokenizer, workers: int
) -> None:
    batches = Batches(Sampler(cache, 0), build_tokenizer(put_tokenizer(tmp_path)), 4, seed=0)
    made = list(itertools.islice(feed(batches, workers, pin=False), 4))
    assert all(batch.latents.shape[1:] == (CHANNELS, *GRID) for batch in made)
    assert all(batch.tokens.shape == (len(batch.latents), TOKENS) for batch in made)
    assert len({batch.tokens.numpy().tobytes() for batch in made}) == len(made)
