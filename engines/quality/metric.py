"""Metrics by name: what a request may ask for, and what the answer calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from engines.metrics.color import colorfulness, saturation
from engines.metrics.gray import luma, shrunk
from engines.metrics.sharpness import sharpness_index
from engines.metrics.structure import edge_density, flat_share
from engines.types.metric_names import FORMER

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.metrics.measurement import Measurement
    from engines.types import Pixels


@dataclass(frozen=True)
class Examined:
    """One image under examination; shared by the metrics of a request, never between threads."""

    pixels: Pixels
    seen: Measurement
    find_prompt: Callable[[], str | None]
    """What the image was to show; may read the storage."""

    @cached_property
    def prompt(self) -> str | None:
        """The prompt to judge by, looked up when the first metric needs it; None where there is
        none."""
        return self.find_prompt()

    @cached_property
    def working_gray(self) -> Gray:
        """Luma with its long side at most 512."""
        return shrunk(luma(self.pixels))


class Metric(Protocol):
    """One number about one image. Safe to share between threads."""

    @property
    def answer_key(self) -> str:
        """The name under which the answer carries it."""

    def measure(self, image: Examined) -> float:
        """Pure CPU; raises `InvalidParameters` where the request lacks what it needs."""


@dataclass(frozen=True, slots=True)
class PixelMetric:
    """A metric that needs nothing but the image."""

    answer_key: str
    function: Callable[[Examined], float]

    def measure(self, image: Examined) -> float:
        return self.function(image)


def _plain(name: str, function: Callable[[Examined], float]) -> tuple[str, Metric]:
    return name, PixelMetric(name, function)


PIXEL_METRICS: Mapping[str, Metric] = dict(
    (
        _plain("sharpness", lambda image: sharpness_index(image.seen.laplacian_variance)),
        _plain("contrast", lambda image: image.seen.tone.contrast),
        ("noise", PixelMetric("noise_level", lambda image: image.seen.noise)),
        _plain("brightness", lambda image: image.seen.clipped_tone.brightness),
        _plain("highlight_clipping", lambda image: image.seen.clipped_tone.blown),
        _plain("shadow_clipping", lambda image: image.seen.clipped_tone.crushed),
        _plain("entropy", lambda image: image.seen.clipped_tone.entropy_bits),
        _plain("blockiness", lambda image: image.seen.blockiness),
        _plain("colorfulness", lambda image: colorfulness(image.pixels)),
        _plain("saturation", lambda image: saturation(image.pixels)),
        _plain("edge_density", lambda image: edge_density(image.working_gray)),
        _plain("low_information", lambda image: flat_share(image.working_gray)),
        _plain("aspect", lambda image: image.pixels.shape[1] / image.pixels.shape[0]),
    )
)
"""Request name to metric."""

FORMER_METRICS: Mapping[str, Metric] = {
    former: PixelMetric(former, PIXEL_METRICS[now].measure) for former, now in FORMER.items()
}
"""Metrics by names that they had before: who asks by one is answered by it."""

DEFAULT_METRICS = ("sharpness", "contrast", "noise")
