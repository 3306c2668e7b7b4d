"""Every metric, as the code declares it to Ray's exporter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from deployments.observing.metrics import AccessMetrics, EngineMetrics, JobMetrics
from docs.site.markdown import cell, code, table
from engines.protocols import DiffusionEngine

_INTRODUCTION = """\
# Metrics

Prometheus metrics through Ray's exporter, whose address is in [The engine](../engine.md); every
name begins with `ray_` there. Ray Serve's own metrics (requests, latencies, errors of each
deployment) are beside them. What to watch and what each failure looks like is in [When things
fail](../operations.md).

"""


Row = tuple[str, str, str, str]


class Declared:
    """Stands where Ray's metrics stand, and writes down what is declared."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def _declare(self, kind: str, name: str, words: str, labels: tuple[str, ...]) -> None:
        shown = ", ".join(code(label) for label in labels)
        self.rows.append((code(f"ray_{name}"), kind, shown, cell(words)))

    def Gauge(self, name: str, description: str, tag_keys: tuple[str, ...]) -> None:  # noqa: N802
        """As Ray's."""
        self._declare("gauge", name, description, tag_keys)

    def Counter(self, name: str, description: str, tag_keys: tuple[str, ...]) -> None:  # noqa: N802
        """As Ray's."""
        self._declare("counter", name, description, tag_keys)

    def Histogram(  # noqa: N802
        self, name: str, description: str, boundaries: Sequence[float], tag_keys: tuple[str, ...]
    ) -> None:
        """As Ray's."""
        self._declare("histogram", name, description, tag_keys)


def page() -> str:
    """The page, in Markdown."""
    declared = Declared()
    # Asked for its numbers only when they are published, which nobody does here.
    EngineMetrics(cast(DiffusionEngine, None), "pool", declared)
    JobMetrics(declared)
    AccessMetrics(declared)
    return _INTRODUCTION + table(("metric", "kind", "labels", "meaning"), sorted(declared.rows))
