"""`inferloop dataset create` and `preview`: what they ask of the service, what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.cli.command_line import CommandLine, Service, refusing
from tests.sdk.progress_answers import Chunks, Telling, advances, failure

YAML = """\
name: pets
quotas: {animal: 2}
attributes: {animal: [fox, cat]}
prompt: a {animal}
"""
SPEC = {
    "name": "pets",
    "quotas": {"animal": 2},
    "attributes": {"animal": ["fox", "cat"]},
    "prompt": "a {animal}",
}
MADE: dict[str, Any] = {
    "status": "complete",
    "name": "pets",
    "path": "/data/generated/pets",
    "requested": 4,
    "made": 4,
    "short": [],
}
PREVIEW = {
    "total": 4,
    "rows": [{"id": "fox-00000", "seed": 7, "prompt": "a fox"}],
    "images": [{"id": "fox-00000", "image_path": "/data/generated/x.png", "missed": ["quality"]}],
}


@pytest.fixture(params=["yaml", "json"])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / f"spec.{request.param}"
    path.write_text(YAML if request.param == "yaml" else json.dumps(SPEC), encoding="utf-8")
    return str(path)


def test_create_sends_the_declaration_and_says_where_the_dataset_is(spec: str) -> None:
    service = Service(datasets=MADE)
    line = CommandLine(service)
    assert line.run("dataset", "create", spec) == 0
    assert service.asked == [("POST", "datasets", SPEC)]
    assert line.out == "4 of 4 images: /data/generated/pets\n"


def test_what_is_missing_is_told_and_the_exit_code_says_so(spec: str) -> None:
    short = [{"of_class": "fox", "reason": "quality", "count": 1, "message": "short by 1"}]
    line = CommandLine(Service(datasets={**MADE, "status": "short", "made": 3, "short": short}))
    assert line.run("dataset", "create", spec) == 1
    assert line.err == "short by 1\n"


@pytest.mark.parametrize("end", [failure("INSUFFICIENT_STORAGE"), KeyboardInterrupt()])
def test_who_is_stopped_half_way_hears_what_is_kept_and_how_to_go_on(
    spec: str, end: bytes | KeyboardInterrupt
) -> None:
    line = CommandLine(Telling(Chunks(*advances(4, until=3), end)))
    assert line.run("dataset", "create", spec) != 0
    assert "3 of 4 images are done and kept; the same command makes the rest" in line.err


def test_a_declaration_that_is_refused_has_kept_nothing(spec: str) -> None:
    line = CommandLine(refusing(400, "INVALID_PARAMETERS", "No."))
    assert line.run("dataset", "create", spec) == 1
    assert "kept" not in line.err


def test_create_as_a_job_prints_its_id(spec: str) -> None:
    line = CommandLine(Service(datasets={"id": "job_1", "state": "queued"}))
    assert line.run("dataset", "create", spec, "--async") == 0
    assert line.out == "job_1\n"


def test_preview_shows_the_table_and_fetches_the_images(spec: str, tmp_path: Path) -> None:
    service = Service(datasets_preview=PREVIEW, images=b"png")
    line = CommandLine(service)
    out = str(tmp_path / "images")
    assert line.run("dataset", "preview", spec, "--images", "1", "--out", out) == 0
    assert service.asked[0][2] == {"spec": SPEC, "images": 1}
    assert "fox-00000  7     a fox" in line.out
    assert "missed quality" in line.err
    assert (tmp_path / "images" / "x.png").read_bytes() == b"png"


@pytest.mark.parametrize("text", ["- a\n- b", "a: [", "text"])
def test_a_file_that_holds_no_declaration_is_wrong_usage(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    service = Service()
    assert CommandLine(service).run("dataset", "create", str(path)) == 2
    assert not service.asked


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.yaml", "name: pets\nprompt: a fox\ncount: 2\nprompt: a cat\n"),
        ("spec.json", '{"name": "pets",\n "prompt": "a fox",\n "count": 2,\n "prompt": "a cat"}'),
    ],
)
def test_a_declaration_that_says_something_twice_is_refused_by_name_and_line(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    service = Service(datasets=MADE)
    line = CommandLine(service)
    assert line.run("dataset", "create", str(tmp_path / name)) == 2
    assert "the key 'prompt' is given twice in one object (lines 2, 4)" in line.err
    assert service.asked == []
