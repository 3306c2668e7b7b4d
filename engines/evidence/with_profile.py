"""Compares a dataset with a profile: with its statistics, and with its features if it has some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engines.evidence.against_real import Side, against_real
from engines.evidence.feature_file import ImageFacts
from engines.evidence.statistics.rows import ArrayRows
from engines.protocols import StopCheck
from engines.types import Comparison
from engines.types.datasets.reports import BY_HASH_ONLY, ProfileComparison

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder
    from engines.profiles.features import FeatureFacts, ProfileFeatures


class Profiles(Protocol):
    """The methods of `engines.profiles.ProfileService` that a report uses. Each raises `NotFound`
    if there is no such profile."""

    def version(self, name: str) -> str:
        """A text that changes whenever the profile changes."""

    def compare(
        self, name: str, dataset_key: str | None, other: str | None, stop: StopCheck = ...
    ) -> Comparison:
        """Compare the statistics of the profile and of the dataset."""

    def feature_facts(self, name: str) -> FeatureFacts | None:
        """Describes the stored features. None if the profile has none."""

    def features(self, name: str, facts: FeatureFacts) -> ProfileFeatures:
        """The features that `feature_facts` describes."""


@dataclass(frozen=True, slots=True)
class WithProfile:
    """Compares the dataset below the key `folder` with the profile `name`."""

    profiles: Profiles
    name: str
    folder: str

    def usable_features(
        self, encoder: ImageEncoder | None
    ) -> tuple[FeatureFacts | None, str | None]:
        """The profile's features, if they were made by `encoder`. Otherwise None and a sentence
        that says which figures are missing. Both are None without an encoder."""
        if encoder is None:
            return None, None  # the report itself says that there is no encoder
        facts = self.profiles.feature_facts(self.name)
        again = "make it again with keep_features (docs/profiles.md)"
        what = f"density, coverage, recall, KID and copies against the profile {self.name}"
        if facts is None:
            return None, f"{what}: it keeps no features of its images; {again}"
        if facts.encoder != encoder.name:
            words = f"its features are of the encoder {facts.encoder}, this service has"
            return None, f"{what}: {words} {encoder.name}; {again}"
        return facts, None

    def comparison(
        self,
        facts: FeatureFacts | None,
        made: Side | None,
        config: EvidenceConfig,
        on_image: Callable[[], None],
        stop: StopCheck,
    ) -> ProfileComparison:
        """Compare the statistics, and also the features if `facts` is given. `made` is None without
        an encoder."""
        found = self.profiles.compare(self.name, self.folder, None, stop)
        evidence = None
        if facts is not None and made is not None:
            real = real_side(self.profiles.features(self.name, facts))
            evidence = against_real(self.name, real, made, config, on_image, stop)
            evidence = evidence.model_copy(update={"searched_by": BY_HASH_ONLY})
        return ProfileComparison(
            profile=self.name,
            conformance=found.conformance,
            distances=dict(found.distances),
            evidence=evidence,
        )


def real_side(features: ProfileFeatures) -> Side:
    """The images of a profile, named by their numbers. They have features but no pixels."""
    facts = [
        ImageFacts(f"image {n + 1} of the profile", "", "", int(own), int(mirror), 0.0, 0, 0)
        for n, (own, mirror) in enumerate(features.hashes.tolist())
    ]
    return Side(facts, ArrayRows(features.vectors), None)
