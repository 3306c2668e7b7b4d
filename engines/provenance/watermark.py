"""An invisible watermark of 32 bits in the pixels: RivaGAN (Zhang et al., 2019, arXiv:1909.01285).

It outlives what takes a C2PA mark off: saving again, another format, a screenshot. The two ONNX
models are those of the package `invisible-watermark` (MIT), which lies beside the service's
packages, not among them (docs/provenance.md, "An invisible watermark").

Both work on the picture scaled to a short side of 256 px. What the encoder adds is scaled back to
the picture's size: a quarter of the time at 512 px, and coarser, so that JPEG keeps it.
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
"""Short side that the models see; a smaller picture is not watermarked."""
MAX_ASPECT = 4
"""Long side to short side: memory grows with it. A longer picture has no watermark."""
FOUND_FROM = 27
"""Bits that agree by chance once in 17,000 pictures (binomial, 32 fair bits)."""
SURE_FROM = 30
"""Bits that leave room for what will be done to the picture."""
FOLDER = Path(sys.prefix, "share", "inferloop-watermark", "imwatermark")
"""Where `pip install --no-deps --target` puts them. Not among the packages of the environment:
there diffusers would import the package, and mark images of SDXL with it by itself."""
_ENCODER, _DECODER = "rivagan_encoder.onnx", "rivagan_decoder.onnx"

Finish = Callable[["GenerationRequest", "GeneratedImage"], "GeneratedImage"]
"""The last change of an image before it is stored."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the decoder reads from a picture."""

    word: str
    """Eight hexadecimal digits."""
    agreeing: int
    """Of `BITS`, those that agree with the word that was looked for."""

    @property
    def is_found(self) -> bool:
        """Whether so many agree that chance explains it no longer."""
        return self.agreeing >= FOUND_FROM

    @property
    def chance(self) -> float:
        """Probability that as many or more agree in a picture without the watermark."""
        hits = sum(math.comb(BITS, n) for n in range(self.agreeing, BITS + 1))
        return float(hits / 2**BITS)


class RivaGan:
    """Writes and reads. Blocks: about 0.6 s of a CPU core each. Shared between threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Loads no model before it is needed."""
        self._folder = folder
        self._threads = threads

    def write(self, pixels: Pixels, word: str, strength: float) -> Pixels:
        """The picture, (height, width, 3) of uint8, with `word` (eight hexadecimal digits) in it.

        `strength` scales what is added: 1 leaves 43 dB to the picture, 1.5 leaves 39 dB.
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
        """What is in the picture, held against `word`. One that was made small is scaled up; up to
        `MAX_ASPECT` as long as wide."""
        scores = _session(self._folder / _DECODER, self._threads).run(
            None, {"frame": _frame(pixels)}
        )[0]
        read = np.asarray(scores)[0] > 0.5
        agreeing = int((read == (np.asarray(_bits(word)) == 1)).sum())
        digits = "".join("1" if bit else "0" for bit in read)
        return Reading(f"{int(digits, 2):08x}", agreeing)


@dataclass(frozen=True, slots=True)
class Watermarking:
    """A `Finish` behind another one: images of the models in `models` are watermarked."""

    before: Finish
    models: frozenset[str]
    watermark: RivaGan
    word: str
    strength: float

    def __call__(self, request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
        """Written, and read again: where few bits can be read, once more at twice the strength.
        The recipe says what was done, or why not. Blocks."""
        image = self.before(request, image)
        if image.served_model not in self.models:
            return image
        if not can_hold(image.pixels):
            note = f"no watermark: it takes {SIDE_PX} px and a shape up to {MAX_ASPECT}:1"
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
    """Whether a picture of this size can carry a watermark."""
    short, long = sorted(pixels.shape[:2])
    return short >= SIDE_PX and long <= MAX_ASPECT * short


def watermarked(before: Finish, models: frozenset[str], config: MarksConfig) -> Finish:
    """`before`, then the watermark for `models`; `before` alone where there are none.

    Raises:
        InvalidParameters: the models of the watermark are not there.
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
    """Where both models are: the config's folder, else `FOLDER`. None where there are none."""
    named = config.watermark_models
    folder = FOLDER if named is None else Path(named).expanduser()
    return folder if all((folder / name).is_file() for name in (_ENCODER, _DECODER)) else None


def _frame(pixels: Pixels) -> NDArray[np.float32]:
    """(1, 3, 1, height, width), -1..1, its short side `SIDE_PX`."""
    image = Image.fromarray(pixels)
    scale = SIDE_PX / min(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    frame = np.asarray(image, np.float32) / 127.5 - 1
    return np.ascontiguousarray(frame.transpose(2, 0, 1)[None, :, None])


@cache
def _session(model: Path, threads: int) -> InferenceSession:
    """Loaded once in a process; a session may be run by several threads at once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _bits(word: str) -> list[int]:
    return [int(bit) for bit in f"{int(word, 16):0{BITS}b}"]
