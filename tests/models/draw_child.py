"""Draws one picture with a number of threads and saves its pixels. Runs as a separate process.

``python draw_child.py FOLDER THREADS OUT.npy``
"""

import sys

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray


def picture(pipe: StableDiffusionPipeline) -> NDArray[np.int16]:
    """A cat with seed 7 in four steps: int16 (512, 512, 3), sRGB 0..255."""
    drawn = pipe(
        "a cat on a blue background",
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(7),
        output_type="np",
    ).images[0]
    pixels: NDArray[np.int16] = (drawn * 255).round().astype(np.int16)
    return pixels


def main(folder: str, threads: str, out: str) -> None:
    torch.set_num_threads(int(threads))
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    np.save(out, picture(pipe))


if __name__ == "__main__":
    main(*sys.argv[1:])
