"""A report on a dataset, from its files to the last figure."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from engines.datasets.evidence_folder import EVIDENCE_FOLDER
from engines.datasets.export_config import ExportConfig
from engines.datasets.looking.look import Looker
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import Canceled, InvalidParameters, NotFound
from engines.evidence.config import EvidenceConfig
from engines.evidence.report.page import render_report
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportProgress, ExportRequest, PrivacyIssue
from engines.types.datasets.looking import ImageFilter, ImageQuery
from engines.types.datasets.reports import DatasetReport
from tests.engines.evidence.conftest import NOW, REAL, SET, House, no_change, no_encoder, png
from tests.engines.evidence.pictures import CHANGES, picture

FACE = PrivacyIssue("face", "high", "a face", "yunet", (10, 12, 20, 24), 0.93)


def test_every_dataset_has_a_report(house: House) -> None:
    keys = house.fill(SET, range(5))
    house.judge_quality(keys[0], 0.9, passed=True)
    house.judge_quality(keys[1], 0.2, passed=False)
    house.judge_privacy(keys[1])
    house.judge_privacy(keys[2], FACE)
    with no_change(house.storage, SET):
        report = house.service.report("birds")
    assert (report.name, report.images, report.made_at) == ("birds", 5, NOW)
    assert report.verdicts["quality_passed"] == report.verdicts["quality_failed"] == 1
    assert report.verdicts["privacy_not_judged"] == 3
    assert report.reasons == {"low_quality": 1, "face": 1}
    assert [image.id for image in report.failing] == ["p0001", "p0002"]
    assert report.histograms["quality_score"].count == 2
    assert report.made_by["validator"] == {"quality/4": 2, "privacy/2": 2}
    assert report.made_by["model"] == {"not made here": 5}
    assert report.settings["encoder"] == "small@1"
    assert len(report.sheet) == 5
    assert report.reference is None
    assert report.not_looked_at == ()


def test_a_failing_image_shows_what_failed_it_and_where(house: House) -> None:
    (key,) = house.fill(SET, [3])
    house.judge_privacy(key, FACE)
    (image,) = house.service.report("birds").failing
    (factor,) = image.factors
    assert (factor.check, factor.code, factor.value) == ("privacy", "face", 0.93)
    assert factor.box == (10, 12, 20, 24)
    assert (image.width, image.height) == (64, 64)
    assert image.thumbnail is not None


def test_the_digest_is_that_of_the_files(house: House) -> None:
    house.fill(SET, [1, 2])
    lines = "".join(
        f"{hashlib.sha256(png(picture(n, 64))).hexdigest()}  p{n:04}.png\n" for n in (1, 2)
    )
    assert house.service.report("birds").digest == hashlib.sha256(lines.encode()).hexdigest()


def test_near_duplicates_are_grouped_and_the_best_of_each_is_named(house: House) -> None:
    keys = house.fill(SET, range(4))
    copy = house.put(SET, "z_mirror", CHANGES["mirrored"](picture(2, 64)))
    house.put(SET, "z_copy", picture(2, 64))
    house.judge_quality(copy, 0.9, passed=True)
    house.judge_quality(keys[2], 0.5, passed=True)
    alike = house.service.report("birds").near_duplicates
    assert alike is not None
    assert (alike.compared, alike.images, alike.cluster_count) == (6, 3, 1)
    (group,) = alike.clusters
    assert set(group.images) == {"p0002", "z_copy", "z_mirror"}
    assert group.best == "z_mirror"


def test_among_unjudged_images_the_sharpest_is_the_one_to_keep(house: House) -> None:
    soft = picture(1, 64)[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
    house.put(SET, "a_soft", soft)
    house.put(SET, "b_sharp", picture(1, 64))
    alike = house.service.report("birds").near_duplicates
    assert alike is not None
    assert {group.best for group in alike.clusters} <= {"b_sharp", "a_soft"}
    assert alike.cluster_count == 1


def test_a_report_is_kept_until_something_changes(house: House) -> None:
    keys = house.fill(SET, range(3))
    first = house.service.report("birds")
    encoded = house.encoder.encoded
    assert house.service.report("birds") == first
    house.judge_quality(keys[0], 0.1, passed=False)
    second = house.service.report("birds")
    assert second.version != first.version
    assert second.failing_count == 1
    assert house.encoder.encoded == encoded  # the pictures are the same: they are not read again


def test_only_new_and_changed_images_are_encoded_again(house: House) -> None:
    house.fill(SET, range(6))
    house.service.report("birds")
    assert house.encoder.encoded == 6
    house.put(SET, "p0002", picture(99, 64))
    house.put(SET, "a_new", picture(98, 64))
    house.storage.delete(f"{SET}/p0004.png")
    fresh = House(house.storage)
    report = fresh.service.report("birds")
    assert (report.images, fresh.encoder.encoded) == (6, 2)
    apart = House(house.storage, config=EvidenceConfig(batch_images=1))
    for stat in list(house.storage.list(f"{SET}/{EVIDENCE_FOLDER}")):
        house.storage.delete(stat.key)
    assert apart.service.report("birds").near_duplicates == report.near_duplicates


def test_a_damaged_cache_is_made_anew(house: House) -> None:
    house.fill(SET, range(3))
    report = house.service.report("birds")
    for stat in list(house.storage.list(f"{SET}/{EVIDENCE_FOLDER}")):
        house.storage.replace(stat.key, b"{cut")
    again = House(house.storage).service.report("birds")
    assert again == report


@pytest.mark.slow
def test_copies_of_real_images_are_found_and_fresh_ones_are_not(house: House) -> None:
    for seed in range(12):
        house.put(REAL, f"real{seed}", picture(seed))
    for name, change in CHANGES.items():
        house.put(SET, f"{name}_of_5", change(picture(5)))
    for seed in range(100, 104):
        house.put(SET, f"fresh{seed}", picture(seed))
    found = house.service.report("birds", REAL).reference
    assert found is not None
    assert (found.images, found.searched) == (12, 9)
    assert {each.id for each in found.taken} == {f"{name}_of_5" for name in CHANGES}
    assert {each.reference for each in found.taken} == {"real5.png"}
    assert {each.id for each in found.taken if each.mirrored} == {"mirrored_of_5"}
    assert found.clipped_density is None  # too few to say


def test_a_set_of_the_same_kind_has_density_coverage_and_no_sign_of_copying(house: House) -> None:
    house.fill(REAL, range(50))
    house.fill(SET, range(100, 150))
    unsearched = House(house.storage, config=EvidenceConfig(max_searched=0))
    found = unsearched.service.report("birds", REAL).reference
    assert found is not None
    assert found.clipped_density is not None
    assert found.clipped_density > 0.6
    assert found.clipped_coverage is not None
    assert found.clipped_coverage > 0.6
    assert found.kid is not None
    assert found.kid.low <= 0 <= found.kid.high
    assert found.copying is not None
    assert found.copying.p_value > 0.01
    assert found.taken_count == 0


def test_without_an_encoder_the_report_says_what_it_did_not_look_at(house: House) -> None:
    house.fill(SET, range(3))
    house.put(SET, "copy", picture(1, 64))
    house.fill(REAL, range(3))
    report = house.serving(no_encoder).report("birds", REAL)
    assert report.reference is None
    assert "not installed" in report.not_looked_at[0]
    assert report.near_duplicates is not None
    assert report.near_duplicates.images == 2


def test_what_is_no_image_is_counted_and_said(house: House) -> None:
    house.fill(SET, range(2))
    house.storage.replace(f"{SET}/broken.png", b"\x89PNG\r\n\x1a\nno")
    report = house.service.report("birds")
    assert report.images == 3
    assert report.not_looked_at == ("1 files that could not be read as images",)


def test_a_report_keeps_all_clusters_for_whoever_looks_through_the_dataset(house: House) -> None:
    keys = house.fill(SET, range(4))
    house.put(SET, "z_copy", picture(2, 64))
    house.judge_quality(keys[2], 0.9, passed=True)
    looker = Looker(house.store)
    assert looker.summary("birds", ImageFilter()).near_duplicates is None
    house.service.report("birds")
    alike = looker.page(ImageQuery("birds", ImageFilter(cluster="z_copy"))).images
    assert [(image.image_id, image.cluster) for image in alike] == [
        ("p0002", "p0002"),
        ("z_copy", "p0002"),
    ]
    assert looker.summary("birds", ImageFilter()).near_duplicates == 2


def test_an_absent_dataset_reference_or_too_large_a_one_is_said(house: House) -> None:
    with pytest.raises(NotFound):
        house.service.report("birds")
    house.fill(SET, range(2))
    with pytest.raises(NotFound):
        house.service.report("birds", "uploads/nothing")
    strict = House(house.storage, config=EvidenceConfig(max_images=1))
    with pytest.raises(InvalidParameters, match="at most 1 images"):
        strict.service.report("birds")


def test_progress_counts_every_image_and_stops_the_work(house: House) -> None:
    house.fill(SET, range(4))
    house.fill(REAL, range(3))
    seen: list[ExportProgress] = []
    house.service.report("birds", REAL, on_progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (4 + 3 + 4, 11)
    assert [each.done for each in seen] == sorted(each.done for each in seen)

    def gone(progress: ExportProgress) -> None:
        raise Canceled("gone")

    with pytest.raises(Canceled):
        House(house.storage).service.report("birds", on_progress=gone)


def test_the_report_survives_its_json(house: House) -> None:
    (key, *_) = house.fill(SET, range(3))
    house.judge_privacy(key, FACE)
    report = house.service.report("birds")
    assert DatasetReport.model_validate_json(report.model_dump_json()) == report


def test_the_page_shows_boxes_and_loads_nothing(house: House) -> None:
    (key, *_) = house.fill(SET, range(3))
    house.judge_privacy(key, FACE)
    page = render_report(house.service.report("birds"))
    assert '<rect x="10" y="12" width="20" height="24"' in page
    assert "<script" not in page
    assert "http" not in page


def test_a_cluster_is_named_by_its_first_image(house: House) -> None:
    house.fill(SET, range(3))
    house.put(SET, "z", picture(1, 64))
    clusters = house.service.clusters(SET)
    assert clusters == {"p0000": "p0000", "p0001": "p0001", "p0002": "p0002", "z": "p0001"}


def test_features_on_disk_are_those_in_memory(tmp_path: Path) -> None:
    house = House(FolderStorage(tmp_path))
    house.fill(SET, range(5))
    house.service.report("birds")
    (key,) = [s.key for s in house.storage.list(SET) if s.key.endswith(".f16")]
    kept = np.frombuffer(house.storage.read(key), "<f2").reshape(5, -1)
    expected = house.encoder.encode([picture(seed, 64) for seed in range(5)])
    np.testing.assert_allclose(kept, expected, atol=1e-3)


@pytest.mark.parametrize("split_by", ["id", "cluster"])
def test_near_duplicates_are_never_on_both_sides_of_a_split(
    house: House, split_by: Literal["id", "cluster"]
) -> None:
    for seed in range(12):
        for copy in range(4):
            house.put(SET, f"p{seed}_{copy}", picture(seed, 64))
    exporter = DatasetExporter(
        house.storage, house.store, ExportConfig(), clusters=house.service.clusters
    )
    splits = {"train": 0.5, "test": 0.5}
    request = ExportRequest("jsonl", SET, "exports/set.jsonl", splits=splits, split_by=split_by)
    report = exporter.export(request)
    sides: dict[str, set[str]] = {}
    for split, key in report.split_keys.items():
        for line in house.storage.read(key).splitlines():
            sides.setdefault(json.loads(line)["id"].partition("_")[0], set()).add(split)
    assert len(sides) == 12
    torn = sum(len(each) > 1 for each in sides.values())
    assert torn == 0 if split_by == "cluster" else torn > 4


def test_an_exporter_that_finds_no_near_duplicates_says_so(house: House) -> None:
    house.fill(SET, range(2))
    exporter = DatasetExporter(house.storage, house.store, ExportConfig())
    request = ExportRequest("jsonl", SET, "exports/a.jsonl", splits={"a": 1.0}, split_by="cluster")
    with pytest.raises(InvalidParameters, match="split_by"):
        exporter.export(request)
