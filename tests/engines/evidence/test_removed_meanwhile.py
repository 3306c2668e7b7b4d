"""What becomes of evidence when its dataset, its reference or an image of it goes."""

from __future__ import annotations

import pytest

from engines.datasets.evidence_folder import EVIDENCE_FOLDER
from engines.datasets.upkeep.removal import delete_image
from engines.errors import NotFound
from engines.types import ExportProgress
from tests.engines.evidence.conftest import REAL, SET, House


def test_the_evidence_goes_with_its_dataset(house: House) -> None:
    house.fill(SET, range(2))
    house.service.report("birds")
    house.store.delete("birds")
    assert list(house.storage.list(SET)) == []


@pytest.mark.parametrize("at", range(3, 20, 4))
def test_nothing_stays_of_a_dataset_that_is_deleted_during_its_report(
    house: House, at: int
) -> None:
    house.fill(SET, range(4))
    heard: list[ExportProgress] = []

    def delete_then(progress: ExportProgress) -> None:
        if len(heard) == at:
            house.store.delete("birds")
        heard.append(progress)

    with pytest.raises(NotFound):
        house.service.report("birds", on_progress=delete_then)
    assert list(house.storage.list("generated")) == []


def test_a_reference_that_is_deleted_meanwhile_leaves_no_evidence(house: House) -> None:
    house.fill(SET, range(3))
    house.fill(REAL, range(3))

    def gone(progress: ExportProgress) -> None:
        if progress.done >= 6:
            for stat in list(house.storage.list(REAL)):
                house.storage.delete(stat.key)

    house.service.report("birds", REAL, on_progress=gone)
    assert list(house.storage.list(REAL)) == []
    assert list(house.storage.list(SET)) != []


def test_no_kept_report_shows_an_image_that_was_deleted(house: House) -> None:
    (key, *_) = house.fill(SET, range(3))
    house.service.report("birds")
    delete_image(house.store, key)
    kept = [stat.key for stat in house.storage.list(f"{SET}/{EVIDENCE_FOLDER}")]
    assert not any("report-" in each for each in kept)
    assert house.service.report("birds").images == 2
