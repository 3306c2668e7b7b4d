"""`inferloop validate`, `export` and `datasets`: what they ask of the service, what they print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from inferloop_synthdata.answers import DatasetVerdict
from inferloop_synthdata.cli.commands.validation import dataset_table
from inferloop_synthdata.cli.console import fields
from tests.sdk.cli.command_line import CommandLine, Service
from tests.sdk.progress_answers import Chunks, Telling, advances, failure, in_lines
from tests.sdk.progress_answers import line as event_line

PNG = "/data/generated/image_1.png"
SET = "/data/generated/nature_set"

VERDICTS = {
    "validate_quality": {"quality_score": 0.85, "metrics": {"noise_level": 0.03}, "passed": True},
    "validate_privacy": {
        "privacy_score": 50,
        "issues": [{"type": "face", "severity": "high", "message": "A face"}],
        "passed": False,
    },
}


@pytest.mark.parametrize(
    ("flags", "paths"),
    [
        ((), ["validate/quality", "validate/privacy"]),
        (("--quality",), ["validate/quality"]),
        (("--privacy",), ["validate/privacy"]),
        (("--quality", "--privacy"), ["validate/quality", "validate/privacy"]),
    ],
)
def test_validate_asks_for_what_is_wanted(flags: tuple[str, ...], paths: list[str]) -> None:
    service = Service(**VERDICTS)
    assert CommandLine(service).run("validate", PNG, *flags) == 0
    assert [path for _, path, _ in service.asked] == paths


def test_validate_prints_a_line_for_every_fact() -> None:
    line = CommandLine(Service(**VERDICTS))
    line.run("validate", PNG)
    assert line.out.splitlines() == [
        "quality.quality_score: 0.85",
        "quality.metrics.noise_level: 0.03",
        "quality.passed: true",
        "privacy.privacy_score: 50",
        "privacy.issues[0].type: face",
        "privacy.issues[0].severity: high",
        "privacy.issues[0].message: A face",
        "privacy.passed: false",
    ]


def test_validate_a_dataset() -> None:
    summary = {"passed": 1, "failed": 0, "errors": 0, "mean_score": None}
    verdict = dataset_verdict(summary, summary)
    service = Service(validate_dataset=verdict)
    line = CommandLine(service)
    assert line.run("validate", "--dataset", SET, "--metrics", "sharpness,noise") == 0
    body = {"dataset_dir": SET, "metrics": ["sharpness", "noise"]}
    assert service.asked == [("POST", "validate/dataset", body)]
    assert line.out.splitlines() == [
        f"{SET}  1 images",
        "check        passed     failed     errors mean score",
        "quality           1          0          0          -",
        "privacy           1          0          0          -",
    ]


def dataset_verdict(
    quality: Mapping[str, object], privacy: Mapping[str, object], *failures: str
) -> dict[str, object]:
    return {
        "dataset_dir": SET,
        "image_count": 1,
        "quality": quality,
        "privacy": privacy,
        "failures": [{"image_path": PNG, "reason": reason} for reason in failures],
    }


def test_a_dataset_that_did_not_pass_says_why_and_fails_a_build_only_when_asked() -> None:
    good = {"passed": 1, "failed": 0, "errors": 0, "mean_score": 90.0}
    bad = {"passed": 0, "failed": 1, "errors": 0, "mean_score": 0.2, "reasons": {"motion": 1}}
    reason = "quality not passed: motion 0.20 of 0.50."
    service = Service(validate_dataset=dataset_verdict(bad, good, reason))
    line = CommandLine(service)
    assert line.run("validate", "--dataset", SET) == 0
    assert line.out.splitlines()[-2:] == ["quality failed for motion: 1", f"{PNG}  {reason}"]
    assert CommandLine(service).run("validate", "--dataset", SET, "--fail") == 1
    assert CommandLine(service).run("validate", "--dataset", SET, "--fail", "--privacy") == 0


def test_an_image_that_could_not_be_judged_fails_a_build_too() -> None:
    unread = {"passed": 0, "failed": 0, "errors": 1, "mean_score": None}
    service = Service(validate_dataset=dataset_verdict(unread, unread, "broken"))
    assert CommandLine(service).run("validate", "--dataset", SET, "--fail") == 1


def test_one_image_that_did_not_pass_fails_a_build() -> None:
    assert CommandLine(Service(**VERDICTS)).run("validate", PNG, "--fail") == 1
    assert CommandLine(Service(**VERDICTS)).run("validate", PNG, "--fail", "--quality") == 0


def test_export_with_everything(tmp_path: Path) -> None:
    report = {"status": "success", "exported_count": 1, "output_file": "/data/exports/a.jsonl"}
    service = Service(export_jsonl=report, exports=b"{}\n")
    line = CommandLine(service)
    code = line.run(
        *("export", "jsonl", SET, "--output", "/data/exports/a.jsonl", "--download", str(tmp_path)),
        *("--split", "train=0.9", "--split", "test=0.1", "--no-annotations", "--quality-passed"),
        *("--min-quality-score", "0.5"),
    )
    assert code == 0
    assert service.asked[0][2] == {
        "dataset_dir": SET,
        "output_file": "/data/exports/a.jsonl",
        "include_annotations": False,
        "filter": {"quality_passed": True, "min_quality_score": 0.5},
        "splits": {"train": 0.9, "test": 0.1},
    }
    assert (tmp_path / "a.jsonl").read_bytes() == b"{}\n"


def test_export_webdataset_names_a_folder() -> None:
    service = Service(export_webdataset={"status": "success", "exported_count": 1})
    assert CommandLine(service).run("export", "webdataset", SET, "--output", "/data/exports/a") == 0
    assert service.asked[0][2] == {"dataset_dir": SET, "output_dir": "/data/exports/a"}


@pytest.mark.parametrize(("status", "code"), [("success", 0), ("partial", 1), ("failed", 1)])
def test_an_export_with_holes_is_no_success(status: str, code: int) -> None:
    service = Service(export_s3={"status": status, "uploaded_count": 1, "failed_count": 0})
    line = CommandLine(service)
    assert line.run("export", "s3", SET, "--bucket", "b", "--prefix", "p") == code
    body = {"dataset_dir": SET, "bucket_name": "b", "s3_prefix": "p"}
    assert service.asked == [("POST", "export/s3", body)]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (
            {"status": "failed", "exported_count": 0, "filtered": {"quality": 76}},
            ["left out by the filter: 76 by quality", "nothing was exported"],
        ),
        (
            {"status": "partial", "exported_count": 3, "skipped_count": 2},
            ["left out, not a readable image: 2"],
        ),
    ],
)
def test_an_export_says_what_it_left_out_and_ends_with_1(
    report: dict[str, Any], words: list[str]
) -> None:
    line = CommandLine(Service(export_jsonl={"output_file": "/data/exports/a.jsonl", **report}))
    assert line.run("export", "jsonl", SET, "--output", "/data/exports/a.jsonl") == 1
    assert line.err.splitlines() == words


def test_download_fetches_the_file_of_every_split(tmp_path: Path) -> None:
    files = {name: f"/data/exports/a-{name}.jsonl" for name in ("train", "test")}
    report = {"status": "success", "exported_count": 2, "output_file": "/data/exports/a.jsonl"}
    service = Service(export_jsonl={**report, "output_files": files}, exports=b"{}\n")
    command = ("export", "jsonl", SET, "--output", "/data/exports/a.jsonl", "--split", "train=1")
    assert CommandLine(service).run(*command, "--download", str(tmp_path / "new")) == 0
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["a-test.jsonl", "a-train.jsonl"]


# --- progress -----------------------------------------------------------------------------------

REPORT = {"status": "success", "exported_count": 2, "output_file": "/data/exports/a"}
GOOD = {"passed": 2, "failed": 0, "errors": 0, "mean_score": 0.9}
SUMMARY = {**dataset_verdict(GOOD, GOOD), "image_count": 2}
LONG_COMMANDS: list[tuple[tuple[str, ...], str, dict[str, Any]]] = [
    (("validate", "--dataset", SET), "validating", SUMMARY),
    (("export", "jsonl", SET, "--output", "/data/exports/a"), "exporting", REPORT),
    (("export", "parquet", SET, "--output", "/data/exports/a"), "exporting", REPORT),
    (("export", "webdataset", SET, "--output", "/data/exports/a"), "exporting", REPORT),
    (("export", "s3", SET, "--bucket", "b"), "exporting", REPORT),
]


@pytest.mark.parametrize(("command", "label", "answer"), LONG_COMMANDS)
def test_a_long_command_draws_a_live_bar_on_a_terminal(
    command: tuple[str, ...], label: str, answer: dict[str, Any]
) -> None:
    line = CommandLine(Telling(told(answer)), terminal=True)
    assert line.run(*command) == 0
    assert line.err.split("\r\x1b[K") == [
        "",
        f"{label} [..............................] 0/2",
        f"{label} [###############...............] 1/2",
        f"{label} [##############################] 2/2",
        # The bar takes itself away.
        "",
    ]
    table = dataset_table(cast(DatasetVerdict, answer), ("quality", "privacy"))
    assert line.out.splitlines() == (list(table) if answer is SUMMARY else fields(answer))


@pytest.mark.parametrize(("command", "label", "answer"), LONG_COMMANDS)
def test_no_bar_where_nobody_looks(
    command: tuple[str, ...], label: str, answer: dict[str, Any]
) -> None:
    # Progress is asked for all the same: a line of it breaks the silence that --timeout-s bounds.
    piped = CommandLine(Telling(told(answer)))
    assert piped.run(*command) == 0
    assert piped.err == ""
    as_json = CommandLine(Telling(told(answer)), terminal=True)
    assert as_json.run(*command, "--json") == 0
    assert as_json.err == ""
    assert json.loads(as_json.out) == answer


def test_an_error_on_the_way_takes_the_bar_away_first() -> None:
    body = Chunks(*advances(3, until=1), failure("INTERNAL_ERROR"))
    line = CommandLine(Telling(body), terminal=True)
    assert line.run("validate", "--dataset", SET) == 1
    assert line.err.rpartition("\r\x1b[K")[2] == "inferloop: INTERNAL_ERROR: No.\n"


def test_what_was_saved_is_said_after_the_bar(tmp_path: Path) -> None:
    def service(request: httpx.Request) -> httpx.Response:
        is_export = request.url.path.endswith("/export/jsonl")
        return in_lines(told(REPORT)) if is_export else httpx.Response(200, content=b"{}\n")

    line = CommandLine(service, terminal=True)
    saved = tmp_path / "a.jsonl"
    command = ("export", "jsonl", SET, "--output", "/data/exports/a", "--download", str(saved))
    assert line.run(*command) == 0
    *_, last_frame, after = line.err.split("\r\x1b[K")
    assert last_frame == "exporting [##############################] 2/2"
    assert after == f"saved to {saved}\n"
    assert saved.read_bytes() == b"{}\n"


def told(answer: dict[str, Any]) -> Chunks:
    return Chunks(*advances(2), event_line("result", **answer))


# --- datasets -----------------------------------------------------------------------------------


def test_datasets_as_a_table() -> None:
    entries = [
        {"name": "nature_set", "image_count": 120, "size_bytes": 24_500_000},
        {"name": "b", "image_count": 3, "size_bytes": 999},
    ]
    line = CommandLine(Service(datasets={"datasets": entries}))
    assert line.run("datasets") == 0
    assert line.out.splitlines() == [
        "NAME        IMAGES  SIZE",
        "nature_set  120     24.5 MB",
        "b           3       999 B",
    ]


def test_one_dataset_shown_and_deleted() -> None:
    service = Service(datasets_d={"name": "d", "image_count": 3})
    line = CommandLine(service)
    assert line.run("datasets", "d") == 0
    assert line.out == "name: d\nimage_count: 3\n"
    assert line.run("datasets", "d", "--delete") == 2
    assert "with its 3 images? Standard input is not a terminal: add --yes" in line.err
    assert line.run("dataset", "delete", "d", "--yes") == 0
    assert [method for method, _, _ in service.asked] == ["GET", "GET", "DELETE"]


def test_export_by_label() -> None:
    service = Service(export_imagefolder={"status": "success", "exported_count": 1})
    options = ("--label", "animal=fox", "--label", "animal=cat", "--class-label", "animal")
    output = ("--output", "/data/exports/a.zip")
    assert CommandLine(service).run("export", "imagefolder", SET, *output, *options) == 0
    _, path, body = service.asked[0]
    assert path == "export/imagefolder"
    assert body["filter"] == {"labels": {"animal": ["fox", "cat"]}}
    assert body["class_label"] == "animal"
