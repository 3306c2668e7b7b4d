"""The embedded model draws what it is told: a check that noise cannot pass.

Needs no network; draws at 8 steps and 256 or 512 px, many prompts a batch, in well under a minute.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline

from tests.models.draw_child import picture
from training.evaluation.nearest import Images, Prototypes
from training.evaluation.trial import variety

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "models" / "inferloop-mini"
CHILD = Path(__file__).with_name("draw_child.py")
PROTOTYPES = Path(__file__).parent / "data" / "prototypes.npz"
STEPS = 8
GUIDANCE = 2.001
"""What 7.5 means for this model (`guidance` in configs/local.yaml)."""
NAMES_AT_LEAST = 96
SCENES_AT_LEAST = 13
VARIETY_AT_LEAST = 25
"""Mean root mean square, 0..255, between 64 px thumbnails of one prompt at several seeds."""
RESTORED_DB = 25.0
"""An untrained encoder reaches 9."""
COLORS = {
    "red": (216, 40, 44),
    "green": (52, 160, 72),
    "blue": (40, 96, 216),
    "yellow": (252, 222, 50),
    "black": (16, 16, 20),
    "white": (255, 255, 255),
}


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionPipeline:
    loaded = StableDiffusionPipeline.from_pretrained(FOLDER, dtype=torch.float32)
    loaded.set_progress_bar_config(disable=True)
    for module in (loaded.unet, loaded.vae):  # the same numbers, a third quicker
        module.to(memory_format=torch.channels_last)
    return loaded


def draw(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str],
    *,
    seed: int = 0,
    size: int = 512,
    guidance: float = GUIDANCE,
    negative: str | None = None,
) -> Images:
    """Draw the prompts in one batch, all from the same seed's noise."""
    generators = [torch.Generator().manual_seed(seed) for _ in prompts]
    images: Images = pipe(
        list(prompts),
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        width=size,
        height=size,
        negative_prompt=None if negative is None else [negative] * len(prompts),
        generator=generators,
        output_type="np",
    ).images
    return images


def border(image: Images) -> Images:
    """Return the median color, 0..255, of a frame of one sixteenth of the picture."""
    edge = image.shape[0] // 16
    inner = np.ones(image.shape[:2], bool)
    inner[edge:-edge, edge:-edge] = False
    return np.asarray(np.median(image[inner] * 255, axis=0), np.float32)


def nearest_color(rgb: Images) -> str:
    """Return the name of the nearest of the six background colors."""
    return min(COLORS, key=lambda name: float(np.abs(rgb - np.array(COLORS[name])).sum()))


def prototypes(prefix: str = "") -> Prototypes:
    """Return the drawings of the objects, or with ``scene_`` of the landscapes."""
    return Prototypes.load(PROTOTYPES, prefix)


def test_the_folder_is_small_and_complete() -> None:
    index = json.loads((FOLDER / "model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()) <= 45e6
    for name in ("README.md", "LICENSE", "NOTICE", "grid.png"):
        assert (FOLDER / name).is_file()


@pytest.mark.timeout(600)
def test_it_draws_the_right_object(pipe: StableDiffusionPipeline) -> None:
    """Every third of the 301 things: each must be nearest to its own prototype among all."""
    known = prototypes()
    names = known.names[::3]
    images = np.concatenate(
        [draw(pipe, [f"a {n}" for n in names[at : at + 16]]) for at in range(0, len(names), 16)]
    )
    right = known.recognized(images, names)
    assert len(right) >= NAMES_AT_LEAST, f"{len(right)} of {len(names)}: {right}"


@pytest.mark.timeout(300)
def test_it_draws_the_right_scene(pipe: StableDiffusionPipeline) -> None:
    known = prototypes("scene_")
    names = known.names
    right = known.recognized(draw(pipe, names), names)
    assert len(right) >= SCENES_AT_LEAST, f"{len(right)} of {len(names)}: {right}"


def psnr(one: Images, other: Images) -> float:
    """Peak signal-to-noise ratio of pictures of 0..1, in decibels."""
    return float(-10 * np.log10(np.square(one - other).mean()))


def test_its_encoder_leads_back_to_what_its_decoder_draws(pipe: StableDiffusionPipeline) -> None:
    drawn = draw(pipe, ["a cat on a blue background", "a beautiful sunset over mountains"])
    pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2) * 2 - 1
    with torch.no_grad():
        again = pipe.vae.decode(pipe.vae.encode(pixels).latents).sample
    restored = again.clamp(-1, 1).add(1).div(2).permute(0, 2, 3, 1).numpy()
    assert psnr(drawn, restored) >= RESTORED_DB


@pytest.mark.timeout(300)
def test_a_picture_can_be_where_it_starts(pipe: StableDiffusionPipeline) -> None:
    """Image-to-image: little noise keeps the picture, much of it lets another prompt win. On white,
    as the prototypes are: a dog on blue is nearer to a blue envelope."""
    from_picture = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    from_picture.set_progress_bar_config(disable=True)
    cat = draw(pipe, ["a cat"])[0]

    def changed(prompt: str, strength: float) -> Images:
        images: Images = from_picture(
            prompt,
            image=torch.from_numpy(cat).permute(2, 0, 1)[None],
            strength=strength,
            num_inference_steps=10,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        ).images
        return images

    assert psnr(cat, changed("a cat", 0.3)[0]) >= RESTORED_DB
    assert prototypes().recognized(changed("a dog", 0.8), ["dog"]) == ["dog"]


def test_noise_is_not_recognized() -> None:
    known = prototypes()
    noise = np.random.default_rng(0).random((len(known.names), 256, 256, 3), np.float32)
    assert len(known.recognized(noise, known.names)) <= 0.05 * len(known.names)


@pytest.mark.timeout(300)
def test_color_words_steer_the_border(pipe: StableDiffusionPipeline) -> None:
    prompts = [
        (f"a {thing} on a {color} background", color)
        for color in COLORS
        for thing in ("cat", "car")
    ]
    images = draw(pipe, [prompt for prompt, _ in prompts])
    right = [
        color
        for image, (_, color) in zip(images, prompts, strict=True)
        if nearest_color(border(image)) == color
    ]
    assert len(right) >= 10, right


def test_guidance_and_negative_prompt_are_seen(pipe: StableDiffusionPipeline) -> None:
    prompt = ["a cat on a blue background"]
    plain = draw(pipe, prompt)
    assert np.abs(draw(pipe, prompt, guidance=1.0) - plain).mean() > 0.02
    away = draw(pipe, prompt, negative="blue background")
    assert np.abs(away - plain).mean() > 0.02


def test_the_same_seed_is_the_same_picture(pipe: StableDiffusionPipeline) -> None:
    first, again, other = (draw(pipe, ["a fox"], seed=s, size=256) for s in (5, 5, 6))
    assert np.abs(first - again).max() * 255 <= 2
    assert np.abs(first - other).max() * 255 > 8


@pytest.mark.timeout(180)
def test_a_fresh_process_with_more_threads_agrees(
    pipe: StableDiffusionPipeline, tmp_path: Path
) -> None:
    threads = str(torch.get_num_threads() + 1)
    out = tmp_path / "picture.npy"
    command = [sys.executable, str(CHILD), str(FOLDER), threads, str(out)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": threads})
    assert np.abs(np.load(out) - picture(pipe)).max() <= 2


def test_seeds_of_one_prompt_are_different_pictures(pipe: StableDiffusionPipeline) -> None:
    """Somebody who asks for many dogs gets dogs that differ, and each is a dog."""
    names = ("dog", "red apple", "car")
    made = {
        name: np.concatenate([draw(pipe, [f"a {name}"], seed=n) for n in range(8)])
        for name in names
    }
    apart = [variety((images * 255).round().astype(np.uint8)) for images in made.values()]
    assert np.mean(apart) >= VARIETY_AT_LEAST, apart
    assert len(prototypes().recognized(made["dog"], ["dog"] * 8)) >= 7


@pytest.mark.parametrize("size", [64, 256, 384])
def test_other_sizes(pipe: StableDiffusionPipeline, size: int) -> None:
    assert draw(pipe, ["a red apple"], size=size).shape == (1, size, size, 3)
