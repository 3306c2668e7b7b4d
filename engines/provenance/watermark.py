"""An invisible watermark of 32 bits in the pixels: RivaGAN (Zhang et al., 2019, arXiv:1909.01285).

Unlike a C2PA mark, it survives saving again, conversion to another format and a screenshot. The two
ONNX models are part of the package `invisible-watermark` (MIT), which is installed outside the
Python environment's packages (docs/provenance.md, "An invisible watermark").

Both models run on the picture scaled to a short side of 256 pixels, and what the encoder adds is
scaled up to the picture's size. At 512 pixels that takes a quarter of the time, and the coarser
pattern survives JPEG compression better.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from engines.errors import InvalidParameters

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    from engines.errors import JsonValue
    from engines.provenance.config import MarksConfig
    from engines.types import GeneratedImage, GenerationRequest, Pixels

Policy = Literal["off", "rivagan"]
BITS = 32
SIDE_PX = 256
"""Short side of the models' input; smaller pictures are not watermarked."""
MAX_ASPECT = 4
"""Largest aspect ratio; pictures beyond it are not watermarked, because memory grows with it."""
FOUND_FROM = 27
"""A watermark counts as found from this number of agreeing bits, which a picture without one
reaches by chance once in 17,000 (binomial, 32 fair bits)."""
SURE_FROM = 30
"""Agreeing bits wanted after writing, so that enough remain after later changes of the picture."""
FOLDER = Path(sys.prefix, "share", "inferloop-watermark", "imwatermark")
"""Default folder of the models, for `pip install --no-deps --target`. Outside the environment's
packages, because diffusers imports the package if it can, and then watermarks SDXL images."""
_ENCODER, _DECODER = "rivagan_encoder.onnx", "rivagan_decoder.onnx"

Finish = Callable[["GenerationRequest", "GeneratedImage"], "GeneratedImage"]
"""A function that changes an image before it is stored."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The bits that the decoder reads from a picture."""

    word: str
    """Eight hexadecimal digits."""
    agreeing: int
    """How many of the `BITS` bits agree with the word that was searched for."""

    @property
    def is_found(self) -> bool:
        """Whether at least `FOUND_FROM` bits agree."""
        return self.agreeing >= FOUND_FROM

    @property
    def chance(self) -> float:
        """Probability that as many or more bits agree in a picture without the watermark."""
        hits = sum(math.comb(BITS, n) for n in range(self.agreeing, BITS + 1))
        return float(hits / 2**BITS)


class RivaGan:
    """Writes and reads watermarks. Each blocks for about 0.6 s of CPU. Threads may share it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """`folder`: has both ONNX models, which are loaded at first use. `threads`: per model
        run."""
        self._folder = folder
        self._threads = threads

    def write(self, pixels: Pixels, word: str, strength: float) -> Pixels:
        """The picture, RGB uint8 (height, width, 3), with the watermark `word` (eight hex digits).

        `strength` scales the change of the picture: about 43 dB PSNR for 1, 39 dB for 1.5.
        """
        small = _frame(pixels)
        bits = np.asarray([_bits(word)], np.float32)
        marked = _session(self._folder / _ENCODER, self._threads).run(
            None, {"frame": small, "data": bits}
        )[0]
        added = (np.asarray(marked) - small)[0, :, 0] * (127.5 * strength)
        height, width = pixels.shape[:2]
        scaled = [
            Image.fromarray(channel).resize((width, height), Image.Resampling.BICUBIC)
            for channel in added.astype(np.float32)
        ]
        sum_ = pixels.astype(np.float32) + np.stack([np.asarray(each) for each in scaled], axis=-1)
        return np.clip(np.rint(sum_), 0, 255).astype(np.uint8)

    def read(self, pixels: Pixels, word: str) -> Reading:
        """Read the bits of a picture, RGB uint8 (height, width, 3), and compare them with `word`.

        The aspect ratio must be at most `MAX_ASPECT`; small pictures are scaled up.
        """
        scores = _session(self._folder / _DECODER, self._threads).run(
            None, {"frame": _frame(pixels)}
        )[0]
        read = np.asarray(scores)[0] > 0.5
        agreeing = int((read == (np.asarray(_bits(word)) == 1)).sum())
        digits = "".join("1" if bit else "0" for bit in read)
        return Reading(f"{int(digits, 2):08x}", agreeing)


@dataclass(frozen=True, slots=True)
class Watermarking:
    """A `Finish` that runs `before`, and then watermarks images of the models in `models`."""

    before: Finish
    models: frozenset[str]
    watermark: RivaGan
    word: str
    strength: float

    def __call__(self, request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
        """The image with the watermark, or with a note that says why it has none. Blocks.

        The watermark is read again after writing; if too few bits agree, it is written at twice
        the strength.
        """
        image = self.before(request, image)
        if image.served_model not in self.models:
            return image
        if not can_hold(image.pixels):
            note = f"no watermark: it needs {SIDE_PX} px and an aspect ratio up to {MAX_ASPECT}:1"
            return replace(image, notes=(*image.notes, note))
        for strength in (self.strength, 2 * self.strength):
            pixels = self.watermark.write(image.pixels, self.word, strength)
            agreeing = self.watermark.read(pixels, self.word).agreeing
            if agreeing >= SURE_FROM:
                break
        if agreeing < FOUND_FROM:
            note = "no watermark: it could not be read again from this picture"
            return replace(image, notes=(*image.notes, note))
        return replace(image, pixels=pixels, watermark=self._told(strength, agreeing))

    def _told(self, strength: float, agreeing: int) -> dict[str, JsonValue]:
        return {
            "method": "rivagan",
            "word": self.word,
            "strength": strength,
            "agreeing_bits": agreeing,
        }


def can_hold(pixels: Pixels) -> bool:
    """Whether the size of the picture (height, width, 3) allows a watermark."""
    short, long = sorted(pixels.shape[:2])
    return short >= SIDE_PX and long <= MAX_ASPECT * short


def watermarked(before: Finish, models: frozenset[str], config: MarksConfig) -> Finish:
    """A `Finish` that runs `before` and watermarks images of `models`; `before` if that is empty.

    Raises:
        InvalidParameters: the ONNX models are missing.
    """
    if not models:
        return before
    folder = models_folder(config)
    if folder is None:
        constraint = "a folder with the models of invisible-watermark"
        reason = f"must be {constraint} (docs/provenance.md)"
        raise InvalidParameters.of("marks.watermark_models", None, constraint, reason)
    word, strength = config.watermark_word, config.watermark_strength
    return Watermarking(before, models, RivaGan(folder), word, strength)


def models_folder(config: MarksConfig) -> Path | None:
    """The folder of both ONNX models: the config's, or `FOLDER`. None if they are not there."""
    named = config.watermark_models
    folder = FOLDER if named is None else Path(named).expanduser()
    return folder if all((folder / name).is_file() for name in (_ENCODER, _DECODER)) else None


def _frame(pixels: Pixels) -> NDArray[np.float32]:
    """The models' input: float32 (1, 3, 1, height, width), -1..1, with a short side of
    `SIDE_PX`."""
    image = Image.fromarray(pixels)
    scale = SIDE_PX / min(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    frame = np.asarray(image, np.float32) / 127.5 - 1
    return np.ascontiguousarray(frame.transpose(2, 0, 1)[None, :, None])


@cache
def _session(model: Path, threads: int) -> InferenceSession:
    """The session of a model, loaded once per process; several threads may run it at once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _bits(word: str) -> list[int]:
    return [int(bit) for bit in f"{int(word, 16):0{BITS}b}"]
