"""Batches: every kind of picture comes, and new things come oftener where that is asked."""

import numpy as np
import pytest

from training.cache import Cache, save_arrays
from training.first.batches import Sampler
from training.first.concepts import CONCEPTS, LEARNED_FIRST, PLACES, SETS
from training.first.latents import CHANNELS, GRIDS, Basis, patches, scene_rows
from training.first.pictures import PLACE_LAYOUTS, POSES, SET_LAYOUTS
from training.first.render import variants

GRID = (2, 2)
SAMPLES = 400


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Banks of tiny random latents, all of one size, whatever their names say."""
    made, rng = Cache(tmp_path_factory.mktemp("banks")), np.random.default_rng(0)
    basis = Basis.fit(patches(rng.uniform(0, 255, (256, 256, 3)).astype(np.float32)))
    code = {"mean": basis.mean, "project": basis.project, "restore": basis.restore}
    save_arrays(made.file("basis.npz"), code)
    drawings = len(variants())
    shapes = {
        "objects": (drawings, len(POSES), 4),
        "two": (drawings, 2, 4),
        "three": (drawings, 3, 4),
        "scenes": (len(scene_rows()),),
        "places": (len(CONCEPTS), len(PLACES), PLACE_LAYOUTS),
        "sets": (len(SETS), SET_LAYOUTS),
    }
    bank = {
        name: rng.normal(size=(*shape, CHANNELS, *GRID)).astype(np.float16)
        for name, shape in shapes.items()
    }
    for height, width in GRIDS:
        save_arrays(made.file(f"bank_{height}x{width}.npz"), bank)
    return made


def test_a_batch_is_of_float32_and_seeded(cache: Cache) -> None:
    batch, again = (Sampler(cache, 3).draw(16, 0) for _ in range(2))
    assert batch.latents.shape == (16, CHANNELS, *GRID)
    assert str(batch.latents.dtype) == "torch.float32"
    assert batch.captions == again.captions
    assert np.array_equal(batch.latents.numpy(), again.latents.numpy())


def test_every_kind_of_picture_comes(cache: Cache) -> None:
    captions = " / ".join(Sampler(cache, 0).draw(SAMPLES, 0).captions)
    for words in ("two ", "three ", " and ", " in a ", "background", "at night"):
        assert words in captions
    assert any(name in captions for group in SETS for name in group.names)


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
