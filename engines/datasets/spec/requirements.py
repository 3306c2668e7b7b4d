"""What an image must be like to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from engines.types import PrivacyReport, QualityReport, Verdicts
from engines.types.metric_names import present_name, with_present_names

PROFILE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
MAX_TRIES = 50
DEFAULT_TRIES = 5
MAX_METRICS = 16


class Closed(BaseModel):
    """Frozen; unknown fields refused, nothing converted, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class QualityRequirement(Closed):
    """The quality check must pass."""

    min_score: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="In place of the service's own threshold, 0..1."
    )
    min_metrics: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], float],
        Field(max_length=MAX_METRICS),
    ] = Field(
        default={}, description="Metrics that must be at least so large, by their names in answers."
    )


class PrivacyRequirement(Closed):
    """The privacy check must pass."""

    min_score: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="Least score beside that, 0..100."
    )
    check_faces: bool = Field(default=True, description="Whether to look for faces.")
    check_text: bool = Field(default=True, description="Whether to look for text.")


class ProfileRequirement(Closed):
    """The image's statistics lie near those of a profile (docs/profiles.md)."""

    name: Annotated[str, StringConstraints(pattern=PROFILE_PATTERN)]
    min_conformance: Annotated[float, Field(ge=0, le=100)] = Field(
        description="100 is alike; one deviation everywhere gives 37."
    )


def _shorthand(value: object) -> object:
    """`true` is a requirement without bounds of its own; `false` is none."""
    if isinstance(value, bool):
        return {} if value else None
    return value


class Requirements(Closed):
    """What every image must meet; `true` stands for the check's own bounds."""

    quality: Annotated[QualityRequirement | None, BeforeValidator(_shorthand)] = None
    privacy: Annotated[PrivacyRequirement | None, BeforeValidator(_shorthand)] = None

    profile: ProfileRequirement | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def any(self) -> bool:
        """Whether something is required at all."""
        return any(each is not None for each in (self.quality, self.privacy, self.profile))

    def missed(self, found: Verdicts) -> tuple[str, ...]:
        """Names of the requirements that an image with these verdicts does not meet. A verdict
        that is not there is not met."""
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
