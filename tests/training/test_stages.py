"""Every stage of the training for one step at a tiny world: it learns, is kept, and goes on."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from tests.training.world import NARROW, NoReads, a_cache, options
from training import autoencoder, denoise, export, gpu, reading, warm
from training.cache import Cache, load_state
from training.evaluation import judge, trial
from training.language.words import END, START, train_tokenizer, write_tokenizer
from training.networks.latent_code import CHANNELS, LatentCode
from training.running.choose import a_batch, choose
from training.running.feed import GRIDS, Recipe, feed
from training.running.probe import attempt
from training.running.steps import Way
from training.workshop import Workshop

pytestmark = pytest.mark.slow

ONE_STEP = 1e-5
"""Minutes: the first step is always done."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    torch.set_num_threads(1)
    cache = a_cache(tmp_path_factory.mktemp("training"))
    # The workshop takes the tokenizer that is there: its own would read 30,000 sentences.
    train_tokenizer(cache.file("tokenizer/x").parent, corpus=1000)
    return Workshop(options(cache))


@pytest.fixture(scope="module")
def code(shop: Workshop) -> LatentCode:
    return shop.code()


@pytest.fixture(scope="module")
def trained(shop: Workshop) -> Cache:
    """The cache after every stage has done its first step."""
    gpu.train(shop.options, ONE_STEP, 1e-3)
    return shop.options.cache


def test_the_code_is_nearly_lossless_on_flat_pictures(shop: Workshop, code: LatentCode) -> None:
    half = shop.half(next(shop.jobs(4, 9, native=True)))
    latents = code.encode(half)
    assert latents.shape == (4, CHANNELS, 16, 16)
    error = (code.decode(latents) - half).square().mean()
    assert 20 * torch.log10(255 / error.sqrt()) > 25


def test_the_code_has_unit_variance_and_is_kept(shop: Workshop, code: LatentCode) -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(64, 3, 32, 32, generator=generator) * 255
    fitted = LatentCode.fit([noise])
    assert float(fitted.encode(noise).std()) == pytest.approx(1, abs=0.05)
    again = LatentCode.load(shop.options.cache, "cpu")
    torch.testing.assert_close(again.project, code.project)


def test_the_feed_draws_several_grids(shop: Workshop) -> None:
    jobs = feed(Recipe(shop.drawings, shop.shelf, shop.tokenizer, 4, 0), 0, pin=False)
    seen = {job.grid: job for job in (next(jobs) for _ in range(40))}
    for (height, width), job in seen.items():
        assert job.tokens.shape == (len(job.plan), 32)
        assert shop.half(job).shape == (len(job.plan), 3, 16 * height, 16 * width)
    assert 3 <= len(seen) <= len(GRIDS)
    assert set(seen) <= set(GRIDS)


def test_crops_lie_on_the_latent_grid(shop: Workshop, code: LatentCode) -> None:
    stage = autoencoder.Stage(shop, code, None, 1)
    latents, pixels = stage.batch()
    half = shop.options.batch // 2
    assert latents.shape == (half, CHANNELS, 4, 4)
    assert pixels.shape == (half, 3, 128, 128)
    again = code.encode(torch.nn.functional.avg_pool2d((pixels + 1) * 127.5, 2))
    torch.testing.assert_close(again, latents, atol=1e-2, rtol=1e-3)


def test_the_loss_is_nothing_for_the_picture_itself() -> None:
    picture = torch.rand(1, 3, 16, 16)
    assert autoencoder.picture_loss(picture, picture) == 0
    blurred = torch.nn.functional.avg_pool2d(picture, 3, 1, 1)
    assert autoencoder.picture_loss(blurred, picture) > 0


def test_every_stage_leaves_its_checkpoint(trained: Cache) -> None:
    for name in (
        reading.CHECKPOINT,
        denoise.CHECKPOINT,
        judge.CHECKPOINT,
        autoencoder.ENCODER,
        autoencoder.SOFT,
        autoencoder.SHARP,
    ):
        state = load_state(trained.file(name))
        assert state is not None, name
        assert int(state["step"]) >= 1, name


def test_the_denoiser_starts_from_the_words_and_goes_on(shop: Workshop, trained: Cache) -> None:
    first = load_state(trained.file(denoise.CHECKPOINT))
    assert first is not None
    code = shop.code()
    denoise.train(shop, code, 2 * float(first["spent_s"]) / 60 + ONE_STEP, 1e-3)
    then = load_state(trained.file(denoise.CHECKPOINT))
    assert then is not None
    assert then["step"] > first["step"]
    assert then["spent_s"] > first["spent_s"]


def test_the_denoiser_s_guess_spoils_some_latents(shop: Workshop, trained: Cache) -> None:
    torch.manual_seed(0)
    guess = denoise.guesser(denoise.load(trained, NARROW), "cpu")
    job = next(shop.jobs(8, 31, native=True))
    clean = torch.randn(8, CHANNELS, 16, 16)
    changed = (guess(job, clean) - clean).abs().amax((1, 2, 3)) > 1e-6
    assert 1 <= int(changed.sum()) <= 7


def test_the_folder_loads_draws_and_encodes(trained: Cache, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    assert export.write_folder(trained, folder, NARROW) < 45e6
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    images = trial.draw(pipe, ["a fox", "a cat"], [0, 1], guidance=2.0, steps=1, side=64)
    assert images.shape == (2, 64, 64, 3)
    encoded = pipe.vae.encode(torch.zeros(1, 3, 64, 64)).latents
    assert encoded.shape == (1, CHANNELS, 2, 2)
    pieces = export.parcels(folder, tmp_path)
    assert all(piece.stat().st_size <= export.PARCEL_BYTES for piece in pieces)


def test_a_step_of_the_denoiser_reads_nothing_back(trained: Cache) -> None:
    training = denoise.Training(options(trained), 1e-3, Way(2))
    batch = a_batch(2, "cpu")
    with NoReads():
        loss = training.steps(*batch)
    assert 0 < float(loss) < 5
    assert attempt(options(trained), Way(2))
    assert not attempt(options(trained), Way(2, graphed=True)), "not without a GPU"


def test_a_step_stays_on_its_device(trained: Cache) -> None:
    elsewhere = dataclasses.replace(options(trained), device="meta")
    training = denoise.Training(elsewhere, 1e-3, Way(2, channels_last=False))
    assert training.optimizer.flat.working.dtype == torch.bfloat16
    loss = training.gradient(*a_batch(2, "meta"))
    training.steps.descend()
    assert loss.device.type == training.optimizer.mean.device.type == "meta"


def test_every_way_that_works_is_timed(
    shop: Workshop, code: LatentCode, trained: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = choose(shop, code, frozenset(), seconds=0.01, each_s=0)
    assert chosen.way == Way(4)
    assert chosen.rate > 0
    told = capsys.readouterr().out
    for part in ("composing 4", "eager, batch 4", "forward", "optimizer", "samples/s"):
        assert part in told


@pytest.fixture(scope="module")
def delivered(trained: Cache) -> Path:
    """The folder of the first run, as it travels."""
    return gpu.written(options(trained))


def test_the_next_run_starts_from_the_folder_of_the_last(
    trained: Cache, delivered: Path, tmp_path: Path
) -> None:
    cache = a_cache(tmp_path)
    warm.start_from(delivered, cache)
    begun, last = denoise.begun(options(cache)), denoise.load(trained, NARROW)
    torch.testing.assert_close(begun.state_dict(), last.state_dict(), atol=1e-3, rtol=1e-2)
    code = LatentCode.load(cache, "cpu")
    torch.testing.assert_close(code.project, LatentCode.load(trained, "cpu").project)
    vae, decoder = autoencoder.load(trained, NARROW), autoencoder.Decoder(NARROW)
    assert warm.part(cache, "decoder", decoder.layers)
    torch.testing.assert_close(
        decoder.layers.state_dict(), vae.decoder.layers.state_dict(), atol=1e-3, rtol=1e-2
    )
    known = judge.Judge(len(judge.classes()))
    assert warm.part(cache, "judge", known)
    assert not warm.part(trained, "judge", known), "this cache starts from nothing"


def test_a_folder_of_another_latent_code_is_no_start(delivered: Path, tmp_path: Path) -> None:
    cache, without = a_cache(tmp_path), tmp_path / "without"
    without.mkdir()
    with pytest.raises(ValueError, match="code"):
        warm.start_from(without, cache)
    LatentCode.fit([torch.rand(8, 3, 32, 32) * 255]).save(cache)
    with pytest.raises(FileExistsError, match="different latent codes"):
        warm.start_from(delivered, cache)


def test_a_folder_that_numbers_words_otherwise_is_no_start(delivered: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    words = {word: at for at, word in enumerate((START, END, "a", "b</w>", "ab</w>"))}
    write_tokenizer(cache.file("tokenizer/x").parent, words, [("a", "b</w>")])
    with pytest.raises(ValueError, match="different token ids"):
        warm.start_from(delivered, cache)


def test_the_judge_and_the_quality_check_are_asked(trained: Cache) -> None:
    flat = np.full((3, 64, 64, 3), 128, np.uint8)
    assert len(trial.known(trained, flat, "cpu")) == 3
    assert trial.passed(flat) == [False] * 3
    assert trial.variety(flat) == 0
    flat[0] = 158
    assert trial.variety(flat) == pytest.approx(20), "two of three pairs are 30 apart"
    prompts, seeds = trial.pictures()
    assert len(prompts) == len(seeds) == 48 * 3 + 24 + 40
    places = [each for each in judge.classes() if each.startswith("place:")]
    assert len(trial.names()) == len(judge.classes()) - len(places)
