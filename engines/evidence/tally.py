"""The counts of a report: verdicts, labels, distributions, reasons, and what made and judged the
images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.datasets.factors import failing_factors
from engines.types.datasets.histograms import Histogram
from engines.types.datasets.reports import FailingImage, LabelCount
from engines.types.metric_names import present_name

if TYPE_CHECKING:
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.sidecars.verdict import Verdict
    from engines.types import ObjectStat

Wanted = Mapping[str, Mapping[str, int]]
"""Label to value to the number of images that a declaration asks for."""
_COUNTED_TOGETHER = 1000


@dataclass
class Tally:
    """Adds up records. Uses memory for each image, and more for each failed one."""

    stats: list[ObjectStat] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    """Name to id."""
    scores: dict[str, float] = field(default_factory=dict)
    """Id to quality score, for images with a quality verdict."""
    size_bytes: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failing: list[FailingImage] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)
    """Id to prompt."""
    made_by: dict[str, Counter[str]] = field(default_factory=dict)
    labels: dict[tuple[str, str], int] = field(default_factory=dict)
    _histograms: dict[str, Histogram] = field(default_factory=dict)
    _values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, record: DatasetRecord) -> None:
        """Add the record of one image."""
        self.stats.append(record.stat)
        self.ids[record.name] = record.image_id
        self.size_bytes += record.stat.size_bytes
        self._add_recipe(record)
        for kind, verdict in (("quality", record.quality), ("privacy", record.privacy)):
            if verdict is None:
                self.verdicts[f"{kind}_not_judged"] += 1
            else:
                self._add_verdict(record.image_id, verdict)
        factors = failing_factors(record.quality, record.privacy)
        if factors:
            self.reasons.update(dict.fromkeys((f.code for f in factors), 1))
            prompt = self.captions.get(record.image_id)
            self.failing.append(FailingImage(id=record.image_id, prompt=prompt, factors=factors))

    def histograms(self) -> dict[str, Histogram]:
        """The histograms, ordered by the name of the metric."""
        for name in self._values:
            self._count_values(name)
        return dict(sorted(self._histograms.items()))

    def label_counts(self, wanted: Wanted) -> tuple[LabelCount, ...]:
        """The count of every label value that occurs, or that the declaration asks for."""
        asked = {(label, value) for label, values in wanted.items() for value in values}
        return tuple(
            LabelCount(
                label=label,
                value=value,
                count=self.labels.get((label, value), 0),
                wanted=wanted.get(label, {}).get(value),
            )
            for label, value in sorted({*self.labels, *asked})
        )

    def _add_recipe(self, record: DatasetRecord) -> None:
        recipe = record.recipe
        if record.prompt is not None:
            self.captions[record.image_id] = record.prompt
        if recipe is None:
            self._made("model", "not made here")
        else:
            self._made("model", f"{recipe.served_model} {recipe.revision or ''}".strip())
            for library, version in recipe.library_versions.items():
                self._made("library", f"{library} {version}")
        for label, value in labels_of(record).items():
            self.labels[label, value] = self.labels.get((label, value), 0) + 1

    def _add_verdict(self, image_id: str, verdict: Verdict) -> None:
        self.verdicts[f"{verdict.kind}_{'passed' if verdict.passed else 'failed'}"] += 1
        self._made("validator", verdict.validator_version)
        self._value(f"{verdict.kind}_score", float(verdict.score))
        if verdict.kind == "quality":
            self.scores[image_id] = float(verdict.score)
            metrics = verdict.findings.get("metrics")
            for name, value in metrics.items() if isinstance(metrics, dict) else ():
                if isinstance(value, int | float):
                    self._value(present_name(name), float(value))

    def _made(self, kind: str, name: str) -> None:
        self.made_by.setdefault(kind, Counter())[name] += 1

    def _value(self, name: str, value: float) -> None:
        values = self._values.setdefault(name, [])
        values.append(value)
        if len(values) >= _COUNTED_TOGETHER:
            self._count_values(name)

    def _count_values(self, name: str) -> None:
        known = self._histograms.get(name) or Histogram.empty(name)
        self._histograms[name] = known.added(self._values[name])
        self._values[name].clear()


def labels_of(record: DatasetRecord) -> Mapping[str, str]:
    """The labels of an image; empty if it has none."""
    return {str(name): str(value) for name, value in record.labels.items()}
