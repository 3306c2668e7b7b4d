"""Judging with the real validators, and matching colors to a profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from batch.config import JobConfig
from batch.making.checking import THUMBNAIL_PX, Checker
from batch.output.outcomes import Outcome, Reason, ShardOutcome
from batch.output.records import ShardRecord
from batch.output.totals import Totals
from batch.wiring import JobWiring, library_versions
from engines.errors import InvalidImage, NotFound
from engines.images import ImageLimits, decode
from engines.images.png_text import encode_png
from engines.profiles.matching import ColorMatching
from engines.storage.folder.storage import FolderStorage
from engines.types import (
    GeneratedImage,
    GenerationRequest,
    PrivacyIssue,
    PrivacyReport,
    QualityReport,
    Weakness,
)

MakeConfig = Callable[..., JobConfig]


def png(seed: int, side_px: int = 128) -> bytes:
    drawn = np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)
    return encode_png(drawn, {})


def quality(passed: bool) -> Callable[[bytes, str], QualityReport]:
    score = 0.9 if passed else 0.123
    return lambda _, key: QualityReport(key, score, {"contrast": 0.5}, passed, "quality/1")


def privacy(*issues: PrivacyIssue) -> Callable[[bytes, str], PrivacyReport]:
    passed = not issues
    return lambda _, key: PrivacyReport(
        key, 100 if passed else 40, len(issues), None, False, issues, passed, "privacy/1"
    )


def test_a_reason_names_the_weakest_factor_with_its_advice() -> None:
    weak = Weakness("motion", 0.2, 0.5, "Use a shorter exposure.")

    def blurred(_: bytes, key: str) -> QualityReport:
        return QualityReport(key, 0.123, {}, False, "quality/1", weak)

    (reason,) = Checker(blurred, privacy()).check(png(0), "ab").reasons
    assert reason.message.endswith(": motion 0.20 of 0.50. Use a shorter exposure.")


FACE = PrivacyIssue("face", "high", "A face was found", "yunet", (1, 2, 3, 4), 0.93)


def test_an_image_passes_when_every_check_does() -> None:
    verdict = Checker(quality(True), privacy()).check(png(0), "ab")
    assert verdict.passed
    assert verdict.reasons == ()
    assert verdict.metrics == {"contrast": 0.5, "quality_score": 0.9, "privacy_score": 100.0}
    report = next(r for r in verdict.reports if isinstance(r, PrivacyReport))
    assert report.faces_detected == 0


def test_every_failure_is_a_reason_once() -> None:
    verdict = Checker(quality(False), privacy(FACE, FACE)).check(png(0), "ab")
    assert not verdict.passed
    assert verdict.reasons == (
        Reason("low_quality", "quality score 0.12 (quality/1)"),
        Reason("face", "A face was found"),
    )


def test_without_checks_everything_passes_and_is_still_described() -> None:
    verdict = Checker(None, None).check(png(1), "ab")
    assert verdict.passed
    assert verdict.metrics == {}
    assert verdict.reports == []
    thumbnail = decode(verdict.thumbnail, ImageLimits())
    assert thumbnail.pixels.shape == (THUMBNAIL_PX, THUMBNAIL_PX, 3)
    assert verdict.hashes != Checker(None, None).check(png(2), "ab").hashes


def test_what_is_no_image_raises_the_decoders_error() -> None:
    with pytest.raises(InvalidImage):
        Checker(None, None).check(b"no image", "ab")


def a_wiring(tmp_path: Path, config: JobConfig) -> JobWiring:
    root = str(tmp_path / "data")
    return JobWiring(config, config.output.root, root, str(tmp_path))


@pytest.mark.slow
def test_the_real_judges_judge(tmp_path: Path, make_config: MakeConfig) -> None:
    checks = {"quality": {"pass_threshold": 0.5}, "privacy": {}, "faces": True, "text": False}
    verdict = a_wiring(tmp_path, make_config(checks=checks)).checker().check(png(3), "ab")
    assert not verdict.passed
    assert [reason.code for reason in verdict.reasons] == ["low_quality"]  # it is noise
    assert verdict.metrics["noise_level"] > 0.1
    assert verdict.metrics["privacy_score"] == 100
    assert len(verdict.metrics) > 10


def test_a_dataset_is_compared_with_a_profile_over_all_shards(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    wiring = a_wiring(tmp_path, make_config(compare_profile="unsplash_nature"))
    name = wiring.profiles().list()[0].name
    checker = wiring.checker()
    totals = Totals()
    for shard in range(2):
        verdict = checker.check(png(shard), f"{shard:024x}")
        assert verdict.measures is not None
        totals.add(record_of(shard, verdict))
    assert totals.profile.sample_count == 2
    comparison = wiring.compare(name, totals.profile.statistics())
    assert (comparison.left, comparison.right) == ("birds", name)
    assert 0 <= comparison.conformance <= 100
    with pytest.raises(NotFound):
        wiring.compare("nobody", totals.profile.statistics())


def record_of(shard: int, verdict: object) -> ShardRecord:
    from batch.output.outcomes import Judgment, MadeImage

    assert isinstance(verdict, Judgment)
    image = MadeImage(b"", {}, verdict, 0.1)
    outcome = Outcome(f"{shard:024x}", shard, "written", 1, (), image)
    return ShardRecord.model_validate_json(
        ShardRecord.of(ShardOutcome(shard, (outcome,), 1.0), ()).model_dump_json()
    )


def test_colors_are_matched_only_where_a_profile_is_named(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    wiring = a_wiring(tmp_path, make_config())
    profiles = wiring.profiles()
    name = profiles.list()[0].name
    pixels = np.full((64, 64, 3), (200, 30, 30), np.uint8)
    image = GeneratedImage(pixels, "m", None, "DDIM", {})
    request = GenerationRequest("a", "p", "m", 64, 64, 1, 1.0, 0)
    match = ColorMatching(profiles, remember=True)
    assert match(request, image) is image
    named = GenerationRequest("a", "p", "m", 64, 64, 1, 1.0, 0, profile=name)
    matched = match(named, image)
    assert not np.array_equal(matched.pixels, pixels)
    assert name in matched.notes[0]
    absent = GenerationRequest("a", "p", "m", 64, 64, 1, 1.0, 0, profile="nobody")
    with pytest.raises(NotFound):
        match(absent, image)


def test_the_real_engine_is_built_from_the_config(tmp_path: Path, make_config: MakeConfig) -> None:
    engine = a_wiring(tmp_path, make_config()).engine()
    engine.check_health()
    assert engine.stats().queued == 0
    engine.shutdown()


def test_the_output_is_where_the_wiring_says(tmp_path: Path, make_config: MakeConfig) -> None:
    storage = a_wiring(tmp_path, make_config()).output()
    storage.put_new("x", b"1")
    assert FolderStorage(tmp_path / "out").read("x") == b"1"


def test_versions_of_what_makes_an_image_are_known() -> None:
    assert {"ray", "torch", "numpy", "diffusers"} <= set(library_versions())
