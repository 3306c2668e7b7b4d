"""A byte order mark at the start of a file that a user hands in is no part of what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch.config import FileInput
from batch.planning.inputs import open_input
from engines.datasets.records.loading import annotation_of
from tests.sdk.cli.command_line import CommandLine, Service

MARK = "\ufeff"
PROMPTS = ["a bird", "ein Vögelchen"]
TEXTS = {
    "p.txt": "\n".join(PROMPTS),
    "p.csv": "prompt\n" + "\n".join(PROMPTS),
    "p.jsonl": "\n".join(json.dumps({"prompt": prompt}) for prompt in PROMPTS),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_mark_before_the_first_prompt_of_a_job_is_dropped(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(MARK + TEXTS[name], encoding="utf-8")
    rows = list(open_input(FileInput.model_validate({"path": name}), tmp_path).rows())
    assert [(row.parameters.get("prompt"), row.fault) for row in rows] == [
        (prompt, None) for prompt in PROMPTS
    ]


@pytest.mark.parametrize("from_stdin", [False, True])
def test_a_mark_before_the_first_prompt_of_a_batch_is_dropped(
    tmp_path: Path, from_stdin: bool
) -> None:
    text = MARK + "\r\n".join(PROMPTS)
    file = tmp_path / "prompts.txt"
    file.write_text(text, encoding="utf-8", newline="")
    service = Service(**{"generate_batch": {"images": []}})
    line = CommandLine(service, stdin=text)
    assert line.run("batch", "--file", "-" if from_stdin else str(file)) == 0
    assert service.asked[0][2]["prompts"] == PROMPTS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", TEXTS)
def test_prompts_that_powershell_wrote_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else MARK
    (tmp_path / name).write_bytes((mark + TEXTS[name].replace("\n", "\r\n")).encode(encoding))
    rows = list(open_input(FileInput.model_validate({"path": name}), tmp_path).rows())
    assert [(row.parameters.get("prompt"), row.fault) for row in rows] == [
        (prompt, None) for prompt in PROMPTS
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_batch_that_powershell_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes((MARK + "\r\n".join(PROMPTS)).encode(encoding))
    service = Service(**{"generate_batch": {"images": []}})
    assert CommandLine(service).run("batch", "--file", str(file)) == 0
    assert service.asked[0][2]["prompts"] == PROMPTS


def test_a_mark_inside_a_line_stays(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(f"a bird\n{MARK}b", encoding="utf-8")
    rows = list(open_input(FileInput.model_validate({"path": "p.txt"}), tmp_path).rows())
    assert rows[1].parameters["prompt"] == f"{MARK}b"


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [("coco", '{"id": 1}', {"id": 1}), ("yolo", "0 .5 .5 .1 .1", "0 .5 .5 .1 .1")],
)
def test_annotations_with_a_mark_are_read(kind: Any, text: str, read: object) -> None:
    assert annotation_of(kind, (MARK + text).encode()) == read
