"""Requirements that an image must meet to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from engines.types import PrivacyReport, QualityReport, Verdicts
from engines.types.limits import NAME_PATTERN
from engines.types.metric_names import present_name, with_present_names

MAX_TRIES = 50
DEFAULT_TRIES = 5
MAX_METRICS = 16


class Closed(BaseModel):
    """Base of the models here: immutable, no unknown fields, no conversion of types, and only
    finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class QualityRequirement(Closed):
    """The quality check must pass."""

    min_score: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="Lowest quality score, 0 to 1. It replaces the service's own threshold.",
    )
    min_metrics: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], float],
        Field(max_length=MAX_METRICS),
    ] = Field(
        default={},
        description="Metric to its lowest value. The names are those in the validator's answers.",
    )


class PrivacyRequirement(Closed):
    """The privacy check must pass."""

    min_score: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="Lowest privacy score in addition, 0 to 100."
    )
    check_faces: bool = Field(default=True, description="Whether to look for faces.")
    check_text: bool = Field(default=True, description="Whether to look for text.")


class ProfileRequirement(Closed):
    """The image's statistics must be near those of a profile (docs/profiles.md)."""

    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
    min_conformance: Annotated[float, Field(ge=0, le=100)] = Field(
        description="Lowest conformance, 0 to 100. 100: equal statistics. 37: every statistic is "
        "one standard deviation away."
    )


def _shorthand(value: object) -> object:
    """`true` stands for a requirement with the default limits, `false` for no requirement."""
    if isinstance(value, bool):
        return {} if value else None
    return value


class Requirements(Closed):
    """Requirements on every image. `true` stands for the check with its default limits."""

    quality: Annotated[QualityRequirement | None, BeforeValidator(_shorthand)] = None
    privacy: Annotated[PrivacyRequirement | None, BeforeValidator(_shorthand)] = None

    profile: ProfileRequirement | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def any(self) -> bool:
        """Whether there is any requirement."""
        return any(each is not None for each in (self.quality, self.privacy, self.profile))

    def missed(self, found: Verdicts) -> tuple[str, ...]:
        """Names of the requirements that an image with these verdicts does not meet. A requirement
        whose verdict is missing is not met."""
        of_profile = self._missed_of_profile(found.conformance)
        of_privacy = self._missed_of_privacy(found.privacy)
        return (*self._missed_of_quality(found.quality), *of_privacy, *of_profile)

    def _missed_of_quality(self, report: QualityReport | None) -> Iterator[str]:
        wanted = self.quality
        if wanted is None:
            return
        if report is None:
            yield "quality"
            return
        least = wanted.min_score
        if not (report.passed if least is None else report.quality_score >= least):
            yield "quality"
        measured = with_present_names(report.metrics)
        for name, bound in wanted.min_metrics.items():
            value = measured.get(present_name(name))
            if value is None or not value >= bound:
                yield name

    def _missed_of_privacy(self, report: PrivacyReport | None) -> Iterator[str]:
        wanted = self.privacy
        if wanted is None:
            return
        least = wanted.min_score or 0
        if report is None or not report.passed or report.privacy_score < least:
            yield "privacy"

    def _missed_of_profile(self, conformance: float | None) -> Iterator[str]:
        wanted = self.profile
        if wanted is not None and (
            conformance is None or not conformance >= wanted.min_conformance
        ):
            yield "profile"
