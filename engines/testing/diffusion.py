"""The engine with a model that draws color gradients, so that tests of the service need neither
torch nor model files.

Only the model is replaced. Admission, batching, fairness, deadlines, cancellation, previews,
statistics and health are the code of production.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.diffusion.config import EngineConfig, ModelEntry, TinySource
from engines.diffusion.contract import DecodedImage, RunnerInfo
from engines.diffusion.decoding.thumbnails import thumbnail
from engines.diffusion.engine import StepEngine
from engines.diffusion.sizes import SizeRule

if TYPE_CHECKING:
    from engines.protocols import Clock
    from engines.types import GenerationRequest, Pixels

FAKE_MODELS = (
    ModelEntry(
        id="inferloop-fake",
        stand_in_for=("runwayml/stable-diffusion-v1-5",),
        source=TinySource(),
        load_at_start=True,
    ),
)


@dataclass(slots=True, eq=False)
class FakeDenoising:
    """The state of one request: how many steps are done."""

    request: GenerationRequest
    evaluations_done: int = 0

    @property
    def evaluations_total(self) -> int:
        return self.request.num_inference_steps

    @property
    def rows(self) -> int:
        return 2 if self.request.guidance_scale > 1 else 1


class FakeRunner:
    """Implements `contract.Runner`. A step sleeps `step_s` seconds. An image is a color gradient
    that depends only on prompt, negative prompt, seed and size."""

    def __init__(self, step_s: float = 0.0) -> None:
        self._step_s = step_s

    @property
    def info(self) -> RunnerInfo:
        """A model of one byte with sides in multiples of 8 pixels."""
        return RunnerInfo("FakeScheduler", "fake", memory_bytes=1, sizes=SizeRule(8))

    def start(self, requests: Sequence[GenerationRequest]) -> list[FakeDenoising]:
        return [FakeDenoising(request) for request in requests]

    def step(self, batch: Sequence[FakeDenoising]) -> list[Exception | None]:
        if self._step_s:
            time.sleep(self._step_s)
        for each in batch:
            each.evaluations_done += 1
        return [None] * len(batch)

    def preview(self, denoising: FakeDenoising, max_side_px: int) -> bytes:
        return thumbnail(fake_picture(denoising.request), max_side_px)

    def decode(self, denoising: FakeDenoising) -> DecodedImage:
        picture = fake_picture(denoising.request)
        return DecodedImage(picture, {"policy": "off", "flagged": None})

    def abandon(self, denoising: FakeDenoising) -> None:
        """Does nothing: there is nothing to release."""

    def warm(self) -> None:
        """Does nothing: there is nothing to warm up."""

    def step_s(self, rows: int, side_px: int) -> float | None:
        """None: the engine then does not measure its budget."""
        return None

    def close(self) -> None:
        """Does nothing: there is nothing to release."""


class FakeEngine(StepEngine):
    """`StepEngine` with a `FakeRunner` for every model of `config`. The sources of the models are
    ignored, so no files are needed. Without `config` it has `FAKE_MODELS`."""

    def __init__(
        self,
        step_s: float = 0.0,
        config: EngineConfig | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        config = config or EngineConfig(models=FAKE_MODELS)
        models = tuple(each.model_copy(update={"source": TinySource()}) for each in config.models)
        super().__init__(
            config.model_copy(update={"models": models}),
            clock,
            load=lambda entry: FakeRunner(step_s),
        )


def fake_picture(request: GenerationRequest) -> Pixels:
    """The image of `request`, RGB uint8 (height, width, 3): a gradient between two colors that come
    from a hash of prompt, negative prompt and seed."""
    text = f"{request.prompt}\0{request.negative_prompt}\0{request.seed}"
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype=np.uint8)
    start, stop = digest[:3].astype(np.float32), digest[3:6].astype(np.float32)
    down = np.linspace(0, 1, request.height, dtype=np.float32)[:, None, None]
    across = np.linspace(0, 1, request.width, dtype=np.float32)[None, :, None]
    return (start + (stop - start) * (down + across) / 2).astype(np.uint8)
