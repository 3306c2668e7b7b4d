"""Reports as JSON: what a program reads, and what a later version may rely on."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from engines.types.datasets import reports
from engines.types.datasets.histograms import Histogram
from engines.types.datasets.reports import (
    REPORT_FORMAT,
    Cluster,
    CopyingOut,
    DatasetReport,
    Factor,
    FailingImage,
    IntervalOut,
    JobFacts,
    LabelCount,
    MissingImages,
    NearDuplicates,
    NearPair,
    ProfileComparison,
    ReferenceEvidence,
    Taken,
    Thumbnail,
)
from engines.types.frozen import FrozenModel

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
TAKEN = Taken(id="a", reference="r", agreeing_points=20, mirrored=True, distance=0.25)
SHIFT = CopyingOut(
    effect=0.5,
    p_value=1e-300,
    tail_share=0.0,
    tail_expected=0.01,
    tail_p_value=1.0,
    median_made=0.5,
    median_control=0.5,
)
EVIDENCE = ReferenceEvidence(
    reference="uploads/real",
    images=10,
    compared=5,
    clipped_density=1.0,
    clipped_coverage=0.0,
    recall=0.1 + 0.2,
    kid=IntervalOut(value=-1e-9, low=-1.0, high=1.0),
    copying=SHIFT,
    searched=5,
    taken_count=1,
    taken=(TAKEN,),
)
FULL = DatasetReport(
    name="鳥 🦊",
    made_at=NOW,
    images=3,
    size_bytes=2**53,
    version="v",
    digest="d",
    verdicts={"quality_passed": 1},
    labels=(LabelCount(label="animal", value="fox", count=1, wanted=2),),
    requested=4,
    short=(MissingImages(of_class=None, reason="budget", count=1, message="short by 1"),),
    histograms={"contrast": Histogram.empty("contrast").added([0.5])},
    reasons={"face": 1},
    failing_count=1,
    failing=(
        FailingImage(
            id="a",
            prompt="a fox",
            factors=(Factor(check="privacy", code="face", message="m", box=(1, 2, 3, 4)),),
            width=64,
            height=48,
            thumbnail="AA==",
        ),
    ),
    sheet=(Thumbnail(id="a", group="written", caption="c", jpeg="AA=="),),
    near_duplicates=NearDuplicates(
        compared=3,
        images=2,
        by="hash",
        cluster_count=1,
        clusters=(Cluster(size=2, best="a", images=("a", "b")),),
        pairs=(NearPair(left="a", right="b", bits=0, mirrored=False),),
    ),
    reference=EVIDENCE,
    comparison=ProfileComparison(
        profile="office", conformance=50.0, distances={"hue": 0.1}, evidence=EVIDENCE
    ),
    job=JobFacts(
        planned_at=NOW,
        shards=1,
        rows=3,
        written=1,
        rejected=1,
        failed=1,
        attempts=4,
        elapsed_s=0.5,
        rows_now=3,
    ),
    made_by={"model": {"mini": 3}},
    settings={"threads": 1, "encoder": None, "list": [1, "a"]},
    not_looked_at=("features",),
)
PLAIN = DatasetReport(name="birds", made_at=NOW, images=0, size_bytes=0)
MODELS = [
    each
    for each in vars(reports).values()
    if isinstance(each, type) and issubclass(each, FrozenModel) and each is not FrozenModel
]


@pytest.mark.parametrize("report", [FULL, PLAIN], ids=["full", "plain"])
def test_a_report_survives_json_and_pickling(report: DatasetReport) -> None:
    assert DatasetReport.model_validate_json(report.model_dump_json()) == report
    assert DatasetReport.model_validate(json.loads(report.model_dump_json())) == report
    assert pickle.loads(pickle.dumps(report)) == report


def test_a_report_of_nothing_says_null_and_never_zero_for_what_it_does_not_know() -> None:
    found = json.loads(PLAIN.model_dump_json())
    unknown = (
        "version",
        "digest",
        "requested",
        "near_duplicates",
        "reference",
        "comparison",
        "job",
    )
    assert all(found[name] is None for name in unknown)
    assert found["format"] == REPORT_FORMAT == "inferloop.report/1"
    assert found["made_at"] == "2026-01-02T03:04:00Z"


def test_the_smallest_chance_is_not_rounded_away() -> None:
    again = CopyingOut.model_validate_json(SHIFT.model_dump_json())
    assert again.p_value == 1e-300
    assert EVIDENCE.model_dump()["recall"] == 0.1 + 0.2


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_field_that_nobody_knows_is_refused(model: type[FrozenModel]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate({"surprise": 1})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_part_of_a_report_never_changes(model: type[FrozenModel]) -> None:
    name = next(iter(model.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model.model_construct(), name, 1)


def test_two_reports_share_no_table() -> None:
    other = DatasetReport(name="birds", made_at=NOW, images=0, size_bytes=0)
    for name in ("verdicts", "histograms", "reasons", "made_by", "settings"):
        assert getattr(PLAIN, name) is not getattr(other, name)


def test_a_changed_copy_leaves_the_report_as_it_was() -> None:
    changed = FULL.model_copy(update={"images": 9})
    assert (changed.images, FULL.images) == (9, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"images": "many"},
        {"images": 1.5},
        {"images": None},
        {"made_at": "yesterday"},
        {"labels": [{"label": "animal"}]},
        {"histograms": {"contrast": {"low": 0}}},
        {"failing": [{"id": "a", "prompt": None, "factors": [{"box": [1, 2]}]}]},
        {"settings": {"x": b"\xff"}},
        {"verdicts": {"quality_passed": "x"}},
    ],
    ids=str,
)
def test_what_is_no_report_is_refused(change: dict[str, Any]) -> None:
    content = {"name": "birds", "made_at": NOW, "images": 0, "size_bytes": 0}
    with pytest.raises(ValidationError):
        DatasetReport.model_validate({**content, **change})


def test_a_box_has_four_whole_numbers() -> None:
    plain = {"check": "privacy", "code": "face", "message": "m"}
    assert Factor.model_validate({**plain, "box": [1, 2, 3, 4]}).box == (1, 2, 3, 4)
    for box in ([1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4.5], "1234", ["a", 1, 1, 1]):
        with pytest.raises(ValidationError):
            Factor.model_validate({**plain, "box": box})


def test_the_schema_of_a_report_tells_what_its_words_do_not() -> None:
    schema = DatasetReport.model_json_schema()
    assert schema["additionalProperties"] is False
    for name in ("version", "digest", "requested", "short", "reasons", "made_by", "not_looked_at"):
        assert schema["properties"][name]["description"]
