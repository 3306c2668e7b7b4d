"""`inferloop dataset report`: what it asks of the service, what it prints and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine

REPORT: dict[str, Any] = {
    "name": "birds",
    "images": 1200,
    "failing_count": 3,
    "reasons": {"face": 2, "low_quality": 1},
    "near_duplicates": {"images": 14, "cluster_count": 6},
    "reference": {
        "reference": "/data/uploads/real",
        "images": 500,
        "clipped_density": 0.93,
        "clipped_coverage": 0.71,
        "recall": None,
        "copying": {"effect": 0.612},
        "taken_count": 2,
        "searched": 1200,
    },
    "comparison": {
        "profile": "photos",
        "conformance": 88.1,
        "evidence": {
            "reference": "photos",
            "images": 80,
            "clipped_density": 0.5,
            "clipped_coverage": None,
            "copying": None,
            "taken_count": 0,
            "searched": 1200,
        },
    },
    "not_looked_at": ["1 files that could not be read as images"],
}


class Reporting:
    """Answers both ways of asking for a report."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "GET":
            return httpx.Response(200, content=b"<!doctype html>the page")
        return httpx.Response(200, json=REPORT)


def test_the_figures_that_matter_are_printed() -> None:
    service = Reporting()
    line = CommandLine(service)
    flags = ("--reference", "/data/uploads/real", "--profile", "photos")
    assert line.run("dataset", "report", "birds", *flags) == 0
    assert line.out.splitlines() == [
        "birds: 1,200 images, 3 failed",
        "  2 face",
        "  1 low_quality",
        "near-duplicates: 14 images in 6 groups",
        "against 500 real images of /data/uploads/real:",
        "  clipped density 0.930",
        "  clipped coverage 0.710",
        "  nearer than held-out real images: 0.612 (0.5: no copying)",
        "  taken from a real image: 2 of 1200",
        "profile photos: conformance 88.1 of 100",
        "against 80 real images of photos:",
        "  clipped density 0.500",
        "  taken from a real image: 0 of 1200",
        "not looked at: 1 files that could not be read as images",
    ]
    (request,) = service.asked
    assert request.url.path == "/api/v1/datasets/birds/report"
    body = {"reference_dir": "/data/uploads/real", "profile": "photos"}
    assert json.loads(request.content) == body


@pytest.mark.parametrize(("name", "form"), [("report.html", "html"), ("report.json", "json")])
def test_a_report_is_saved_as_its_name_says(tmp_path: Path, name: str, form: str) -> None:
    service = Reporting()
    target = tmp_path / name
    flags = ("--out", str(target), "--reference", "/data/uploads/real")
    assert CommandLine(service).run("dataset", "report", "birds", *flags) == 0
    assert target.read_bytes() == b"<!doctype html>the page"
    query = dict(service.asked[-1].url.params)
    assert query == {"format": form, "reference_dir": "/data/uploads/real"}


def test_a_target_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    service = Reporting()
    target = str(tmp_path / "absent" / "report.html")
    assert CommandLine(service).run("dataset", "report", "birds", "--out", target) == 2
    assert service.asked == []


def test_json_is_the_whole_answer() -> None:
    line = CommandLine(Reporting())
    line.run("dataset", "report", "birds", "--json")
    assert json.loads(line.out) == REPORT
