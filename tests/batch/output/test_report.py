"""Sums, distributions, near-duplicates, manifest and report."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from batch.config import GridInput, JobConfig
from batch.output.job_report import ReportFacts, job_report, of_fingerprints
from batch.output.layout import MANIFEST, record_key
from batch.output.manifest import take_census, write_manifest
from batch.output.outcomes import Outcome, ShardOutcome
from batch.output.publish import publish_shard
from batch.output.records import Fingerprint, ShardRecord
from batch.output.totals import Sample, Totals
from batch.planning.inputs import InputGrid
from batch.planning.plan import Plan, ensure_plan
from engines.evidence.report.page import render_report
from engines.metrics.phash import phash64_with_mirror
from engines.storage.folder.storage import FolderStorage
from engines.types import Comparison
from engines.types.datasets.histograms import Histogram
from engines.types.datasets.reports import NearPair

MakeConfig = Callable[..., JobConfig]
MakeOutcome = Callable[..., Outcome]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_plan(storage: FolderStorage, config: JobConfig, rows: int) -> Plan:
    grid = GridInput(kind="grid", templates=("bird",), repeats=rows)
    return ensure_plan(storage, config, InputGrid(grid), lambda: NOW)


def publish_all(storage: FolderStorage, plan: Plan, make_outcome: MakeOutcome) -> None:
    for shard in range(plan.shards):
        count = min(4, plan.rows - 4 * shard)
        outcomes = tuple(make_outcome(4 * shard + n) for n in range(count))
        publish_shard(storage, "webdataset", ShardOutcome(shard, outcomes, 1.0))


def test_values_outside_the_range_are_counted_at_its_ends() -> None:
    histogram = Histogram.empty("quality_score").added([-1.0, 0.0, 0.51, 1.0, 9.0])
    assert (histogram.counts[0], histogram.counts[10], histogram.counts[19]) == (2, 1, 2)
    assert (histogram.least, histogram.most, histogram.count) == (-1.0, 9.0, 5)


def test_adding_up_parts_is_adding_all() -> None:
    values = [random.Random(1).random() for _ in range(100)]
    whole = Histogram.empty("contrast").added(values)
    parts = (
        Histogram.empty("contrast")
        .added(values[:30])
        .merged(Histogram.empty("contrast").added(values[30:]))
    )
    assert parts.counts == whole.counts
    assert parts.total == pytest.approx(whole.total)
    assert parts.mean == pytest.approx(sum(values) / 100)


def test_histograms_of_different_metrics_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="bins"):
        Histogram.empty("contrast").merged(Histogram.empty("sharpness"))


def test_a_sample_does_not_depend_on_the_order() -> None:
    numbers = list(range(500))
    first, second = Sample[int](20), Sample[int](20)
    for number in numbers:
        first.add(str(number), number)
    random.Random(2).shuffle(numbers)
    for number in numbers:
        second.add(str(number), number)
    assert first.items() == second.items()
    assert len(first.items()) == 20


def test_totals_add_up(mixed_shard: ShardOutcome) -> None:
    totals = Totals()
    totals.add(ShardRecord.of(mixed_shard, ()))
    totals.add(ShardRecord.of(replace(mixed_shard, shard=8), ()))
    assert totals.counts() == {"written": 4, "rejected": 2, "failed": 2}
    assert totals.rows == 8
    assert totals.reasons == {"low_quality": 4}
    assert totals.histograms["quality_score"].count == 6


def fingerprint(row_id: str, own: int, mirror: int) -> Fingerprint:
    return Fingerprint(row_id=row_id, hash=f"{own:016x}", mirror=f"{mirror:016x}")


def test_a_copy_a_mirror_and_a_stranger_are_told_apart() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    pictures = {"a": noise[0], "copy": noise[0], "mirror": noise[0][:, ::-1], "other": noise[1]}
    prints = [
        fingerprint(name, *phash64_with_mirror(np.ascontiguousarray(p)))
        for name, p in pictures.items()
    ]
    found = of_fingerprints(prints)
    assert (found.compared, found.images) == (4, 3)
    assert NearPair(left="a", right="copy", bits=0, mirrored=False) in found.pairs
    assert {(p.left, p.right, p.mirrored) for p in found.pairs} == {
        ("a", "copy", False),
        ("a", "mirror", True),
        ("copy", "mirror", True),
    }


def test_blocks_find_what_one_comparison_finds() -> None:
    draw = random.Random(3)
    prints = [
        fingerprint(f"{n:04}", draw.getrandbits(64), draw.getrandbits(64)) for n in range(2500)
    ]
    twin = int(prints[100].hash, 16) ^ 0b101
    prints.append(fingerprint("twin", twin, 0))
    found = of_fingerprints(prints)
    assert found.pairs == (NearPair(left="0100", right="twin", bits=2, mirrored=False),)
    assert found.images == 2


def test_a_dataset_that_is_all_alike_is_told_in_bounded_space() -> None:
    found = of_fingerprints([fingerprint(f"{n:04}", 0xF0F0F0, 0xF0F0F) for n in range(3000)])
    assert (found.images, len(found.pairs)) == (3000, 50)
    assert {pair.bits for pair in found.pairs} == {0}


def test_nothing_to_compare_is_no_near_duplicate() -> None:
    found = of_fingerprints([])
    assert (found.compared, found.images, found.pairs) == (0, 0, ())


def test_the_manifest_lists_every_file_with_its_hash(
    storage: FolderStorage, tmp_path: Path, make_config: MakeConfig, make_outcome: MakeOutcome
) -> None:
    plan = a_plan(storage, make_config(), 10)
    publish_all(storage, plan, make_outcome)
    census = write_manifest(storage, plan, make_config(), {"numpy": "2"}, NOW)
    assert census.unfinished == ()
    manifest = json.loads(storage.read(MANIFEST))
    assert (manifest["rows"], manifest["written"], manifest["shards"]) == (10, 10, 3)
    assert [file["key"] for file in manifest["files"]] == [
        f"data/shard-{n:06d}.tar" for n in range(3)
    ]
    assert sum(file["images"] for file in manifest["files"]) == 10
    assert JobConfig.model_validate(manifest["config"]) == make_config()


def test_there_is_no_manifest_while_a_shard_is_missing(
    storage: FolderStorage, make_config: MakeConfig, make_outcome: MakeOutcome
) -> None:
    plan = a_plan(storage, make_config(), 10)
    publish_all(storage, plan, make_outcome)
    storage.delete(record_key(1))
    census = write_manifest(storage, plan, make_config(), {}, NOW)
    assert census.unfinished == (1,)
    assert MANIFEST not in {stat.key for stat in storage.list("")}


def test_a_shard_whose_file_is_damaged_is_made_again(
    storage: FolderStorage, make_config: MakeConfig, make_outcome: MakeOutcome
) -> None:
    plan = a_plan(storage, make_config(), 10)
    publish_all(storage, plan, make_outcome)
    storage.replace("data/shard-000000.tar", b"cut short")
    storage.delete("data/shard-000002.tar")
    assert take_census(storage, plan).unfinished == (0, 2)
    assert take_census(storage, plan).totals.shards == 1


class Tags(HTMLParser):
    """Collects what a page would load, and checks that tags that must close do."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.images = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.images += tag == "img"
        assert tag != "script"
        for name, value in attrs:
            if name in ("src", "href") and not (value or "").startswith("data:"):
                self.loaded.append(value or "")


def a_report(shard: ShardOutcome, **facts: object) -> str:
    totals = Totals()
    totals.add(ShardRecord.of(shard, ()))
    plan = Plan(name="birds & <bees>", rows=4, shards=1, created_at=NOW, identity={})
    alike = of_fingerprints([fingerprint("aa", 0xF0F0, 0), fingerprint("bb", 0x0F0F, 0xF0F7)])
    told = ReportFacts(plan, 60.0, 4, alike)
    return render_report(job_report(totals, replace(told, **facts)))  # type: ignore[arg-type]


def test_the_report_stands_alone_and_escapes(mixed_shard: ShardOutcome) -> None:
    page = a_report(mixed_shard)
    tags = Tags()
    tags.feed(page)
    assert tags.loaded == []
    assert "url(" not in page
    assert tags.images == 3
    assert "birds &amp; &lt;bees&gt;" in page
    assert "<bees>" not in page


def test_the_report_says_the_sums(mixed_shard: ShardOutcome) -> None:
    text = re.sub(r"<[^>]+>", "", a_report(mixed_shard))
    assert "4 rows in = 2 written + 1 rejected + 1 failed" in text
    assert "0.07rows/s, this submission" in text
    assert "low_quality2" in text
    assert "low_quality: prompt 20" in text  # a rejected picture says of which prompt it is
    assert "2 of 2 compared images" in text.replace("\n", " ")
    assert "Compared with" not in text
    # Three images were judged: those of the rows 10, 20 and 30.
    assert "mean 0.0784, 0.0392 to 0.118" in text
    assert "that has one (3)" in text


def test_the_report_compares_with_a_profile(mixed_shard: ShardOutcome) -> None:
    distances = {"aspect_difference": 0.01, "brightness_mean": 0.125}
    comparison = Comparison(81.25, distances, "birds", "unsplash_nature")
    text = re.sub(r"<[^>]+>", "", a_report(mixed_shard, comparison=comparison))
    assert "Compared with the profile unsplash_nature" in text
    assert "Conformance 81.2 of 100" in text
    assert "brightness_mean0.125" in text
    assert text.index("brightness_mean") < text.index("aspect_difference")
