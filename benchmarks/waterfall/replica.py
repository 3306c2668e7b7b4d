"""A replica without Ray. The engine and the recorder have their own threads, and each stage is
timed."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.marks import recipe_of
from benchmarks.waterfall.spans import Spans, TimedMarks, TimedRunner
from engines.datasets.recipes.png import encode_with_recipe, pixel_sha256
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.diffusion.config import EngineConfig, ModelEntry
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.loading import load_runner
from engines.errors import InferloopError
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.log import MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage
from engines.types import GeneratedImage, GenerationRequest, StepProgress

if TYPE_CHECKING:
    from engines.types import Pixels


@dataclass
class Heard:
    """A listener that keeps the time of the end or the error, and calls `then` with the image."""

    then: Callable[[GeneratedImage], object] = lambda image: None
    ended: threading.Event = field(default_factory=threading.Event)
    error: InferloopError | None = None
    at_s: float = 0.0

    def progress(self, event: StepProgress) -> None:
        """Ignored."""

    def finished(self, image: GeneratedImage) -> None:
        """Keep the time, and call `then`."""
        self.at_s = time.perf_counter()
        self.then(image)
        self.ended.set()

    def failed(self, error: InferloopError) -> None:
        """Keep the error."""
        self.error = error
        self.ended.set()


class Replica:
    """The parts of a diffusion replica with one model. Images are stored below `folder`."""

    def __init__(self, entry: ModelEntry, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.spans = Spans()
        self.config = EngineConfig(models=(entry,), device="cpu", max_step_latent_px=8192)
        runner = load_runner(entry, self.config, Path())
        self.engine = StepEngine(self.config, load=lambda _: TimedRunner(runner, self.spans))
        self.warm = runner.warm
        """Warms the model, which the engine does at its start. For an engine that is not started,
        but whose steps are called directly."""
        identity, _ = identity_in(new_bundle())
        storage = FolderStorage(folder)
        marks = Marks(C2paSigner(identity), identity, MarkLog(storage), MarksConfig())
        timed = TimedMarks(marks, self.spans)
        self._recorder = ImageRecorder(DatasetStore(storage), {}, marks=timed)
        self._threads = ThreadPoolExecutor(1)

    def record(self, request: GenerationRequest, image: GeneratedImage) -> None:
        """Store the image. PNG and hashes are computed a second time to measure them."""
        with self.spans.stage("record"):
            self._recorder.record(request, image)
        with self.spans.stage("PNG and hashes"):
            _encode_again(image.pixels)

    def alone(self, request: GenerationRequest) -> dict[str, tuple[float, float]]:
        """Make one image on an idle replica. Returns stage to milliseconds of wall and of CPU time.
        The engine must be started."""
        self.spans.clear()
        heard = Heard()
        kept: list[GeneratedImage] = []
        heard.then = kept.append
        began = time.perf_counter()
        self.engine.submit(request, heard)
        heard.ended.wait()
        if heard.error is not None:
            raise heard.error
        woken = time.perf_counter()
        self._threads.submit(self.record, request, kept[0]).result()
        return self._stages(began, heard.at_s, woken)

    def _stages(
        self, began: float, finished: float, woken: float
    ) -> dict[str, tuple[float, float]]:
        wall, cpu = self.spans.wall_s, self.spans.cpu_s
        queue = self.spans.began_at["text and noise"] - began
        inside = finished - self.spans.began_at["text and noise"]
        between = inside - sum(wall[name] for name in ("text and noise", "steps", "decode"))
        names = ("text and noise", "steps", "decode", "PNG and hashes", "mark")
        stages = {name: (1e3 * wall[name], 1e3 * cpu[name]) for name in names}
        rest = {
            clock: 1e3 * (taken["record"] - taken["PNG and hashes"] - taken["mark"])
            for clock, taken in (("wall", wall), ("cpu", cpu))
        }
        return {
            "queue": (1e3 * queue, 0.0),
            **stages,
            "between the steps": (1e3 * between, 0.0),
            "told": (1e3 * (woken - finished), 0.0),
            "storage": (rest["wall"], rest["cpu"]),
        }


def _encode_again(pixels: Pixels) -> None:
    """The same work as in recording: hash of the pixels, PNG file, hash of the file."""
    pixel_sha256(pixels)
    hashlib.sha256(encode_with_recipe(pixels, recipe_of(pixels))).hexdigest()
