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
    """By kind, of a part of the run that torch's profiler watched (which slows it)."""


def saturated(
    replica: Replica, request: GenerationRequest, company: int, images: int
) -> Saturation:
    """Keep `company` requests inside until `images` are made, then watch one more round.

    Drives the engine on this thread, and records on it as well, so that each stage's CPU time is
    that of one thread.
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
    """So many requests inside at all times."""

    def __init__(self, replica: Replica, request: GenerationRequest, company: int) -> None:
        self.done = 0
        self._replica = replica
        self._request = request
        self._company = company
        self._inside: set[str] = set()
        for index in range(company):
            self._enter(index)
            replica.engine.step()  # spread over the schedule, as they are in service

    def turn(self) -> None:
        """One step of the engine, and a new request for each that ended."""
        self._replica.engine.step()
        while len(self._inside) < self._company:
            self._enter(self.done + self._company)

    def leave(self) -> None:
        """Cancel who is inside."""
        for image_id in self._inside:
            self._replica.engine.cancel(image_id)
        self._replica.engine.step()

    def _enter(self, seed: int) -> None:
        own = replace(self._request, image_id=f"image_{time.monotonic_ns()}", seed=seed)
        self._inside.add(own.image_id)
        self._replica.engine.submit(own, Heard(then=lambda image: self._made(own, image)))

    def _made(self, request: GenerationRequest, image: GeneratedImage) -> None:
        self._inside.discard(request.image_id)
        self._replica.record(request, image)
        self.done += 1


def _run(
    replica: Replica, request: GenerationRequest, company: int, images: int
) -> dict[str, float]:
    """CPU milliseconds of an image by stage."""
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
