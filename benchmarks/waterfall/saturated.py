"""CPU time of an image in a fully loaded replica, by stage and by kind of operator."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace

from torch.profiler import ProfilerActivity, profile

from benchmarks.waterfall.replica import Heard, Replica
from engines.types import GeneratedImage, GenerationRequest

_KINDS = {
    "convolutions": ("conv", "mkldnn_convolution"),
    "matrix products": ("addmm", "mm", "bmm", "linear", "baddbmm"),
    "attention": ("attention",),
    "norms": ("norm",),
    "activations": ("silu", "gelu", "relu", "sigmoid", "softmax", "tanh"),
    "copies and layouts": ("copy", "contiguous", "clone", "cat", "index", "_to_copy", "resize"),
}


@dataclass(frozen=True)
class Saturation:
    """CPU milliseconds of one image."""

    images: int
    stages: dict[str, float]
    operators: dict[str, float]
    """Kind of operator to its CPU milliseconds, in a part of the run with torch's profiler, which
    makes it slower."""


def saturated(
    replica: Replica, request: GenerationRequest, company: int, images: int
) -> Saturation:
    """Keep `company` requests in the engine until `images` images are made, then profile `company`
    images more.

    The engine's steps and the storing of images run in this thread, so that the CPU time of each
    stage is that of one thread.
    """
    stages = _run(replica, request, company, images)
    load = _Load(replica, request, company)
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        while load.done < company:
            load.turn()
    load.leave()
    kinds: dict[str, float] = defaultdict(float)
    for event in watched.key_averages():
        kinds[kind_of(event.key)] += event.self_cpu_time_total / 1e3 / company
    return Saturation(images, stages, dict(kinds))


def kind_of(operator: str) -> str:
    """The kind that an operator of torch belongs to."""
    name = operator.removeprefix("aten::").lower()
    for kind, words in _KINDS.items():
        if any(word in name for word in words):
            return kind
    return "everything else"


class _Load:
    """Keeps `company` requests in the engine at all times."""

    def __init__(self, replica: Replica, request: GenerationRequest, company: int) -> None:
        self.done = 0
        self._replica = replica
        self._request = request
        self._company = company
        self._inside: set[str] = set()
        for index in range(company):
            self._enter(index)
            replica.engine.step()  # so that requests are at different steps, as in a service

    def turn(self) -> None:
        """Run one step of the engine, and submit a new request for each that ended."""
        self._replica.engine.step()
        while len(self._inside) < self._company:
            self._enter(self.done + self._company)

    def leave(self) -> None:
        """Cancel all requests in the engine."""
        for place in self._inside:
            self._replica.engine.cancel(place)
        self._replica.engine.step()

    def _enter(self, seed: int) -> None:
        own = replace(self._request, image_id=f"image_{time.monotonic_ns()}", seed=seed)
        self._inside.add(own.place)
        self._replica.engine.submit(own, Heard(then=lambda image: self._made(own, image)))

    def _made(self, request: GenerationRequest, image: GeneratedImage) -> None:
        self._inside.discard(request.place)
        self._replica.record(request, image)
        self.done += 1


def _run(
    replica: Replica, request: GenerationRequest, company: int, images: int
) -> dict[str, float]:
    """Stage to CPU milliseconds of an image."""
    load = _Load(replica, request, company)
    while load.done < company:
        load.turn()
    replica.spans.clear()
    before, began = load.done, time.thread_time()
    while load.done - before < images:
        load.turn()
    total = 1e3 * (time.thread_time() - began) / images
    load.leave()
    return _by_stage(replica.spans.cpu_s, total, images)


def _by_stage(cpu_s: dict[str, float], total: float, images: int) -> dict[str, float]:
    each = {name: 1e3 * seconds / images for name, seconds in cpu_s.items()}
    twice = each["PNG and hashes"]
    storage = each.pop("record") - twice - each["mark"]
    known = sum(each.values()) + storage
    return {**each, "storage": storage, "engine, around all this": total - twice - known}
