"""The quality verdict on one image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engines.errors import InvalidParameters
from engines.images import decode
from engines.metrics.measurement import measure
from engines.quality.clip import load_metrics
from engines.quality.config import QualityConfig
from engines.quality.metric import DEFAULT_METRICS, PIXEL_METRICS, Examined, Metric
from engines.quality.score import factors, quality_score
from engines.types import QualityReport

FORMULA_VERSION = 1
_NEEDS = {
    "prompt_alignment": "a CLIP model (clip_model_path)",
    "aesthetic": "a CLIP model and a head (clip_model_path, aesthetic_head_path)",
}


class QualityValidator:
    """Judges images. Pure CPU, no state but what was loaded at construction: share it freely."""

    def __init__(
        self, config: QualityConfig, model_metrics: Mapping[str, Metric] | None = None
    ) -> None:
        """Loads the models that the config names; `model_metrics` stands in for them."""
        self._config = config
        if model_metrics is None:
            model_metrics = load_metrics(config)
        self._metrics = {**PIXEL_METRICS, **model_metrics}

    @property
    def version(self) -> str:
        """Formula, thresholds and pass mark, for example "quality/1 photo>=0.50"."""
        config = self._config
        name = "custom" if config.thresholds else config.profile
        return f"quality/{FORMULA_VERSION} {name}>={config.pass_threshold:.2f}"

    @property
    def known_metrics(self) -> tuple[str, ...]:
        """Names that `validate` takes."""
        return tuple(self._metrics)

    def validate(
        self,
        content: bytes,
        key: str,
        metrics: Sequence[str] | None = None,
        prompt: str | None = None,
    ) -> QualityReport:
        """Judge an encoded image; `metrics` None asks for sharpness, contrast and noise.

        Raises `InvalidImage` for what cannot be decoded, `InvalidParameters` for unknown metrics
        and for `prompt_alignment` without a prompt.
        """
        chosen = [self._metric(name) for name in (DEFAULT_METRICS if metrics is None else metrics)]
        pixels = decode(content, self._config.limits).pixels
        image = Examined(pixels, measure(pixels), prompt)
        thresholds = self._config.score_thresholds
        score = round(quality_score(factors(image.seen, thresholds), thresholds), 4)
        return QualityReport(
            key=key,
            quality_score=score,
            metrics={metric.answer_key: round(metric.measure(image), 4) for metric in chosen},
            passed=score >= self._config.pass_threshold,
            validator_version=self.version,
        )

    def _metric(self, name: str) -> Metric:
        metric = self._metrics.get(name)
        if metric is not None:
            return metric
        known = ", ".join(self._metrics)
        if name in _NEEDS:
            reason = f"holds {name}, which needs {_NEEDS[name]} that is not configured"
        else:
            reason = f"holds an unknown metric; known are {known}"
        raise InvalidParameters.of("metrics", name, f"in {known}", reason)
