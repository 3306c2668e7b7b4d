"""The metrics that a request can ask for, and their names in the answer."""

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
    """One image and its measurements. Shared by the metrics of a request, but not between
    threads."""

    pixels: Pixels
    seen: Measurement
    find_prompt: Callable[[], str | None]
    """Returns the recorded prompt of the image, or None. May read from storage."""

    @cached_property
    def prompt(self) -> str | None:
        """The prompt of the image, looked up at the first use. None if there is no prompt."""
        return self.find_prompt()

    @cached_property
    def working_gray(self) -> Gray:
        """Luma, uint8 (height, width), with its long side scaled to at most 512 pixels."""
        return shrunk(luma(self.pixels))


class Metric(Protocol):
    """Computes one number for an image. Can be shared between threads."""

    @property
    def answer_key(self) -> str:
        """The name of the metric in the answer."""

    def measure(self, image: Examined) -> float:
        """Compute the metric. CPU only. Raises `InvalidParameters` if the request lacks something
        that the metric needs, such as a prompt."""


@dataclass(frozen=True, slots=True)
class PixelMetric:
    """A metric that is computed from the pixels only."""

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
"""Name in the request to metric."""

FORMER_METRICS: Mapping[str, Metric] = {
    former: PixelMetric(former, PIXEL_METRICS[now].measure) for former, now in FORMER.items()
}
"""Former name to metric. A request that uses the former name gets it in the answer too."""

DEFAULT_METRICS = ("sharpness", "contrast", "noise")
