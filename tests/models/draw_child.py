"""Run as a fresh process: draw one picture with so many threads and save its pixels.

``python draw_child.py FOLDER THREADS OUT.npy``
"""

import sys

import numpy as np
import torch
from diffusers import StableDiffusionPipeline


def main(folder: str, threads: str, out: str) -> None:
    torch.set_num_threads(int(threads))
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    picture = pipe(
        "a cat on a blue background",
        num_inference_steps=15,
        generator=torch.Generator().manual_seed(7),
        output_type="np",
    ).images[0]
    np.save(out, (picture * 255).round().astype(np.int16))


if __name__ == "__main__":
    main(*sys.argv[1:])
