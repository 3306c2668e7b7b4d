"""`inferloop dataset images` and `image review`: what they ask of the service, what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine

FACTOR = {"check": "quality", "code": "sharpness", "message": "blurred", "value": 0.2}
UNREVIEWED = {"rating": 0, "tags": [], "decision": None, "reviewer": None, "reviewed_at": None}
IMAGES: list[dict[str, Any]] = [
    {
        "id": "fox-1",
        "image_path": "/data/generated/d/fox-1.png",
        "labels": {"animal": "fox", "place": "wood"},
        "prompt": "a fox in a wood " * 9,
        "quality": {"passed": False, "score": 0.2, "factors": [FACTOR]},
        "privacy": {"passed": True, "score": 100, "factors": []},
        "review": {"rating": 4, "tags": ["keep"], "decision": "accepted"},
    },
    {
        "id": "cat-1",
        "image_path": "/data/generated/d/cat-1.png",
        "labels": {},
        "prompt": None,
        "quality": None,
        "privacy": None,
        "review": UNREVIEWED,
    },
]
A, B = (str(image["image_path"]) for image in IMAGES)


class Dataset:
    """Has two images on a page, and as many pages as are asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = str(request.url.query, "ascii")
        self.asked.append((request.method, f"{request.url.path.removeprefix('/api/v1')}?{query}"))
        if request.method == "PATCH":
            body = json.loads(request.content)
            self.bodies.append(body)
            reviewed = [{"image_path": path, "review": UNREVIEWED} for path in body["paths"]]
            return httpx.Response(200, json={"images": reviewed})
        if request.url.path.endswith("/summary"):
            return httpx.Response(200, json={"total": 2, "decisions": {"accepted": 1}})
        return httpx.Response(200, json={"images": IMAGES, "total": 9, "next_cursor": "c"})


def test_a_table_shows_verdicts_reviews_and_labels() -> None:
    line = CommandLine(Dataset())
    assert line.run("dataset", "images", "d", "--limit", "2") == 0
    head, fox, cat = line.out.splitlines()
    assert head.split() == ["ID", "QUALITY", "PRIVACY", "REVIEW", "LABELS", "PROMPT"]
    for word in ("fox-1", "0.2 sharpness", "100", "4/5 accepted keep", "animal=fox,place=wood"):
        assert word in fox
    assert fox.endswith("...")
    assert cat.split() == ["cat-1", "-", "-", "-", "-", "-"]


def test_every_criterion_is_asked_for() -> None:
    service = Dataset()
    options = (
        "--label animal=fox --label animal=cat --quality failed --privacy passed --prompt wood "
        "--seed 7 --min-score 0.1 --max-score 0.9 --min-rating 0 --max-rating 3 --tag x --tag y "
        "--decision undecided --cluster fox-1 --sort score --desc --limit 2"
    )
    assert CommandLine(service).run("dataset", "images", "d", *options.split()) == 0
    ((method, asked),) = service.asked
    assert method == "GET"
    assert asked == (
        "/datasets/d/images?quality=failed&privacy=passed&prompt=wood&seed=7&min_score=0.1"
        "&max_score=0.9&min_rating=0&max_rating=3&decision=undecided&cluster=fox-1"
        "&label=animal%3Afox&label=animal%3Acat&tag=x&tag=y&sort=score&limit=2&order=desc"
    )


def test_pages_are_turned_until_there_are_enough() -> None:
    service = Dataset()
    line = CommandLine(service)
    line.run("dataset", "images", "d", "--limit", "5", "--paths")
    assert line.out.splitlines() == [A, B, A, B, A]
    assert len(service.asked) == 3


def test_counts_in_place_of_images() -> None:
    line = CommandLine(Dataset())
    line.run("dataset", "images", "d", "--summary", "--quality", "passed")
    assert line.out.splitlines() == ["total: 2", "decisions.accepted: 1"]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ("--rating 4 --accept", {"rating": 4, "decision": "accepted"}),
        ("--rating 0 --undecide", {"rating": 0, "decision": "undecided"}),
        ("--reject", {"decision": "rejected"}),
        ("--tag a --tag b --untag c", {"tags": {"add": ["a", "b"], "remove": ["c"]}}),
    ],
)
def test_a_review_says_what_was_asked(options: str, body: dict[str, Any]) -> None:
    service = Dataset()
    line = CommandLine(service)
    assert line.run("image", "review", A, B, *options.split()) == 0
    assert service.bodies == [{"paths": [A, B], **body}]
    assert line.out.splitlines() == [f"{A}  -", f"{B}  -"]


def test_paths_come_from_another_command_a_thousand_in_a_call() -> None:
    service = Dataset()
    line = CommandLine(service, stdin="".join(f"/data/generated/d/{n}.png\n" for n in range(1001)))
    assert line.run("image", "review", "-", "--accept") == 0
    assert [len(body["paths"]) for body in service.bodies] == [1000, 1]


def test_a_review_that_says_nothing_is_wrong_usage() -> None:
    service = Dataset()
    line = CommandLine(service)
    assert line.run("image", "review", A) == 2
    assert "--rating, --tag, --untag, --accept, --reject or --undecide" in line.err
    assert service.asked == []


@pytest.mark.parametrize("options", ["--rating 6", "--accept --reject", "--rating x", "--stars 3"])
def test_nonsense_is_wrong_usage(options: str) -> None:
    service = Dataset()
    with pytest.raises(SystemExit) as left:
        CommandLine(service).run("image", "review", A, *options.split())
    assert left.value.code == 2
    assert service.asked == []


@pytest.mark.parametrize(
    ("options", "filter_"),
    [
        ("--accepted", {"decision": "accepted"}),
        ("--not-rejected --min-rating 3", {"decision": "not_rejected", "min_rating": 3}),
    ],
)
def test_an_export_takes_what_was_accepted(options: str, filter_: dict[str, Any]) -> None:
    sent: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"exported_count": 1, "output_file": "x"})

    command = ("export", "csv", "/data/generated/d", "--output", "/data/exports/d.csv")
    assert CommandLine(handler).run(*command, *options.split()) == 0
    assert sent[0]["filter"] == filter_


def test_a_small_copy_is_saved(tmp_path: Path) -> None:
    service = Dataset()
    line = CommandLine(service)
    assert line.run("image", "download", A, "--side", "128", "--out", f"{tmp_path}/") == 0
    ((_, asked),) = service.asked
    assert asked == "/images?path=%2Fdata%2Fgenerated%2Fd%2Ffox-1.png&side=128"
