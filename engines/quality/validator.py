"""Judges the quality of one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from engines.errors import InvalidParameters
from engines.images import ReadPixels, encode_jpeg, read_pixels
from engines.metrics.measurement import measure
from engines.quality.advice import weakest
from engines.quality.clip import load_metrics
from engines.quality.config import QualityConfig
from engines.quality.judging import judge
from engines.quality.metric import (
    DEFAULT_METRICS,
    FORMER_METRICS,
    PIXEL_METRICS,
    Examined,
    Metric,
)
from engines.types import QualityReport

FORMULA_VERSION = 15
_WARM_SIDE_PX = 256
_NEEDS = {
    "prompt_alignment": "a CLIP model (clip_model_path)",
    "aesthetic": "a CLIP model and a head (clip_model_path, aesthetic_head_path)",
}


def _unknown(key: str) -> str | None:
    return None


class QualityValidator:
    """Judges images on the CPU. Can be shared between threads: it has no state besides the models
    that were loaded when it was created."""

    def __init__(
        self,
        config: QualityConfig,
        model_metrics: Mapping[str, Metric] | None = None,
        recorded_prompt: Callable[[str], str | None] = _unknown,
        recorded_model: Callable[[str], str | None] = _unknown,
        read_pixels: ReadPixels = read_pixels,
    ) -> None:
        """Load the models that the config names, unless `model_metrics` is given instead.

        `recorded_prompt` takes an image's key and returns the prompt it was generated from, or None
        if it is unknown. It is called only if a metric needs a prompt and the request has none.
        `recorded_model` takes an image's key and returns the id of the model that made it, or None.
        It is called only if the config has a `profile_by_model`.
        `read_pixels` decodes an image, in this process or in another one.
        """
        self._config = config
        self._recorded_prompt = recorded_prompt
        self._recorded_model = recorded_model
        self._read_pixels = read_pixels
        if model_metrics is None:
            model_metrics = load_metrics(config)
        self._metrics = {**PIXEL_METRICS, **model_metrics}

    @property
    def version(self) -> str:
        """Formula, thresholds and the score needed to pass: "quality/15 with head auto>=0.50"."""
        name = "custom" if self._config.thresholds else self._config.profile
        return self._version(name, self._config.asks_head)

    def _version(self, thresholds: str, with_head: bool) -> str:
        form = "" if self._config.defects else " without defects"
        form = " with head" if with_head else form
        return f"quality/{FORMULA_VERSION}{form} {thresholds}>={self._config.pass_threshold:.2f}"

    @property
    def known_metrics(self) -> tuple[str, ...]:
        """Names that `validate` accepts in `metrics`."""
        return tuple(self._metrics)

    def warm(self) -> None:
        """Limit the threads of OpenCV in the whole process, load the head, and judge a first image,
        so that the first request is not slower than others."""
        cv2.setNumThreads(self._config.threads)
        ramp = np.arange(_WARM_SIDE_PX, dtype=np.uint8)
        self.validate(encode_jpeg(np.dstack([np.tile(ramp, (_WARM_SIDE_PX, 1))] * 3)), "warm")

    def validate(
        self,
        content: bytes,
        key: str,
        metrics: Sequence[str] | None = None,
        prompt: str | None = None,
    ) -> QualityReport:
        """Judge an encoded image. `metrics` None: sharpness, contrast and noise. `prompt` None: the
        recorded prompt.

        Raises `InvalidImage` if the image cannot be decoded, and `InvalidParameters` for unknown
        metrics and for `prompt_alignment` without a prompt.
        """
        chosen = [self._metric(name) for name in (DEFAULT_METRICS if metrics is None else metrics)]
        pixels = self._read_pixels(content, self._config.limits)
        image = Examined(pixels, measure(pixels), lambda: prompt or self._recorded_prompt(key))
        judged = judge(pixels, self._config_for(key), image.seen)
        score = round(judged.score, 4)
        passed = score >= self._config.pass_threshold
        return QualityReport(
            key=key,
            quality_score=score,
            metrics={metric.answer_key: round(metric.measure(image), 4) for metric in chosen},
            passed=passed,
            validator_version=self._version(judged.thresholds, judged.opinion is not None),
            weakest=None if passed else weakest(judged, self._config.pass_threshold),
        )

    def _config_for(self, key: str) -> QualityConfig:
        """The config, with the profile for the model that made the image."""
        by_model = self._config.profile_by_model
        model = self._recorded_model(key) if by_model else None
        if model is None or model not in by_model:
            return self._config
        return self._config.model_copy(update={"profile": by_model[model]})

    def _metric(self, name: str) -> Metric:
        metric = self._metrics.get(name) or FORMER_METRICS.get(name)
        if metric is not None:
            return metric
        known = ", ".join(self._metrics)
        if name in _NEEDS:
            reason = f"holds {name}, which needs {_NEEDS[name]} that is not configured"
        else:
            reason = f"holds an unknown metric; known are {known}"
        raise InvalidParameters.of("metrics", name, f"in {known}", reason)
