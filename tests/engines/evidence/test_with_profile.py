"""A dataset against the features that a profile keeps of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.errors import Conflict, NotFound, StorageFailed
from engines.evidence.config import EvidenceConfig
from engines.evidence.encoders.encoder import EncoderUnavailable
from engines.evidence.encoders.holder import EncoderHolder
from engines.evidence.report.page import render_report
from engines.evidence.service import EvidenceService, Sources
from engines.profiles import ProfileService
from engines.profiles.features import FeatureFacts, ProfileFeatures
from engines.types import ExportProgress, ProfileRequest
from engines.types.datasets.reports import ProfileComparison, ReferenceEvidence
from tests.engines.evidence.conftest import House, SmallEncoder, no_encoder
from tests.engines.evidence.pictures import CHANGES, picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

SET, REAL = "generated/birds", "uploads/real"
UNSEARCHED = EvidenceConfig(max_searched=0)


def profiles_of(house: House) -> ProfileService:
    encoder = EncoderHolder(house.config, lambda config: house.encoder)
    return ProfileService(house.storage, encoder=encoder.get)


def service_of(house: House, config: EvidenceConfig | None = None) -> EvidenceService:
    encoder = EncoderHolder(house.config, lambda config: house.encoder)
    sources = Sources(house.store, encoder, profiles=profiles_of(house))
    return EvidenceService(sources, config or house.config)


def compared(house: House, config: EvidenceConfig | None = None) -> ProfileComparison:
    found = service_of(house, config).report("birds", profile="office").comparison
    assert found is not None
    return found


def evidence_of(found: ProfileComparison) -> ReferenceEvidence:
    assert found.evidence is not None
    return found.evidence


def office(house: House, seeds: Sequence[int]) -> None:
    house.fill(REAL, seeds)
    profiles_of(house).create(ProfileRequest("office", REAL, keep_features=True))


@pytest.mark.slow
def test_a_profile_with_features_gives_the_figures_of_its_folder(house: House) -> None:
    office(house, range(24))
    house.fill(SET, range(100, 124))
    report = service_of(house, UNSEARCHED).report("birds", REAL, "office")
    folder, found = report.reference, report.comparison
    assert folder is not None
    assert found is not None
    evidence = evidence_of(found)
    assert (evidence.reference, evidence.images) == ("office", 24)
    for name in ("clipped_density", "clipped_coverage", "recall", "kid", "copying"):
        ours, theirs = getattr(evidence, name), getattr(folder, name)
        assert ours == theirs, name
        assert ours is not None, name
    assert found.conformance > 0


def test_the_pictures_may_go_once_the_profile_is_made(house: House) -> None:
    office(house, range(4))
    house.fill(SET, range(100, 104))
    before = compared(house)
    for stat in list(house.storage.list(REAL)):
        house.storage.delete(stat.key)
    for stat in list(house.storage.list(f"{SET}/.evidence")):
        house.storage.delete(stat.key)
    assert compared(house) == before


def test_copies_of_the_images_of_a_profile_are_found_by_hash(house: House) -> None:
    office(house, range(12))
    for name in ("copied", "mirrored"):
        house.put(SET, f"{name}_of_5", CHANGES[name](picture(5, 64)))
    house.fill(SET, range(100, 104))
    evidence = evidence_of(compared(house))
    assert {each.id for each in evidence.taken} == {"copied_of_5", "mirrored_of_5"}
    assert {each.reference for each in evidence.taken} == {"image 6 of the profile"}
    assert evidence.searched_by == "perceptual hash"
    page = render_report(service_of(house).report("birds", profile="office"))
    assert "Against the images of the profile office" in page
    assert "Cropped and rotated copies are not found" in page


def test_a_profile_without_features_says_how_to_make_one(house: House) -> None:
    house.fill(REAL, range(3))
    profiles_of(house).create(ProfileRequest("office", REAL))
    house.fill(SET, range(3))
    report = service_of(house).report("birds", profile="office")
    assert report.comparison is not None
    assert report.comparison.evidence is None
    assert report.comparison.conformance == 100
    (told,) = report.not_looked_at
    assert "profile office: it keeps no features" in told
    assert "keep_features" in told


def test_features_of_another_encoder_are_not_compared(house: House) -> None:
    office(house, range(3))
    house.fill(SET, range(3))
    house.encoder = SmallEncoder(name="other@2")
    report = service_of(house).report("birds", profile="office")
    assert report.comparison is not None
    assert report.comparison.evidence is None
    assert "encoder small@1, this service has other@2" in report.not_looked_at[0]


def test_without_an_encoder_the_statistics_are_compared_all_the_same(house: House) -> None:
    office(house, range(3))
    house.fill(SET, range(3))
    sources = Sources(
        house.store, EncoderHolder(house.config, no_encoder), profiles=profiles_of(house)
    )
    report = EvidenceService(sources, house.config).report("birds", profile="office")
    assert report.comparison is not None
    assert report.comparison.evidence is None
    assert len(report.not_looked_at) == 1


def test_a_report_is_made_anew_when_the_profile_has_changed(house: House) -> None:
    office(house, range(3))
    house.fill(SET, range(100, 103))
    service = service_of(house, UNSEARCHED)
    first = service.report("birds", profile="office")
    assert service.report("birds", profile="office") == first
    house.fill("uploads/more", range(30, 32))
    profiles_of(house).create(ProfileRequest("office", "uploads/more", update=True))
    second = service.report("birds", profile="office").comparison
    assert second is not None
    assert (evidence_of(second).images, first.comparison == second) == (5, False)


def test_progress_counts_the_search_only_where_there_is_one(house: House) -> None:
    office(house, range(4))
    profiles_of(house).create(ProfileRequest("plain", REAL))
    house.fill(SET, range(3))
    for name, total in (("office", 6), ("plain", 3)):
        seen: list[ExportProgress] = []
        service_of(house).report("birds", profile=name, on_progress=seen.append)
        assert (seen[-1].done, seen[-1].total) == (total, total)


@dataclass
class Vanishing:
    """Profiles whose features go between the two looks at them."""

    service: ProfileService

    def features(self, name: str, facts: FeatureFacts) -> ProfileFeatures:
        self.service.delete(name)
        return self.service.features(name, facts)


def test_a_profile_that_goes_while_it_is_read_is_said(house: House) -> None:
    office(house, range(3))
    service = profiles_of(house)
    facts = service.feature_facts("office")
    assert facts is not None
    with pytest.raises(Conflict, match="changed meanwhile"):
        Vanishing(service).features("office", facts)
    house.fill(SET, range(3))
    with pytest.raises(NotFound):
        service_of(house).report("birds", profile="office")


def test_damaged_features_are_said_and_never_counted(house: House) -> None:
    office(house, range(3))
    house.fill(SET, range(3))
    facts = profiles_of(house).feature_facts("office")
    assert facts is not None
    content = bytearray(house.storage.read(facts.key))
    content[-1] ^= 1
    house.storage.replace(facts.key, bytes(content))
    with pytest.raises(StorageFailed, match="damaged"):
        service_of(house).report("birds", profile="office")


class Unloadable:
    """An encoder that must not be asked."""

    name, dimensions = "small@1", 192

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        raise EncoderUnavailable("asked")


def test_a_profile_without_features_asks_no_encoder(house: House) -> None:
    house.fill(REAL, range(2))
    service = ProfileService(house.storage, encoder=lambda: (Unloadable(), ""))
    assert service.create(ProfileRequest("plain", REAL)).kept_features == 0
