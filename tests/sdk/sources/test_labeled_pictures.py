"""Local pictures with labels, from folders or tables, into a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import inferloop_synthdata as sdk
from inferloop_synthdata.sources.labeled import LabeledPicture, labeled_pictures
from tests.sdk.cli.command_line import CommandLine
from tests.sdk.conftest import Caller

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = tmp_path / "pets"
    for name in ("fox/1.png", "fox/old/2.png", "cat/1.png", "loose.png", ".hidden/x.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(PNG + name.encode())
    return root


def told(pictures: list[LabeledPicture], root: Path) -> dict[str, tuple[dict[str, str], Any]]:
    return {p.file.relative_to(root).as_posix(): (dict(p.labels), p.prompt) for p in pictures}


def test_the_first_folder_is_the_class(pets: Path) -> None:
    found = labeled_pictures(pets, label="animal", labels={"source": "zoo", "animal": "other"})
    assert told(found, pets) == {
        "cat/1.png": ({"source": "zoo", "animal": "cat"}, None),
        "fox/1.png": ({"source": "zoo", "animal": "fox"}, None),
        "fox/old/2.png": ({"source": "zoo", "animal": "fox"}, None),
        "loose.png": ({"source": "zoo", "animal": "other"}, None),
    }


def test_a_table_of_the_folder_says_which_and_what(pets: Path) -> None:
    rows = 'file_name,text,animal,place\nfox/1.png,"A fox, red",fox,\nloose.png,,cat,home\n'
    (pets / "metadata.csv").write_text("\ufeff" + rows, encoding="utf-8")
    assert told(labeled_pictures(pets), pets) == {
        "fox/1.png": ({"animal": "fox"}, "A fox, red"),
        "loose.png": ({"animal": "cat", "place": "home"}, None),
    }


def test_a_table_of_lines_may_hold_an_object_of_labels(pets: Path) -> None:
    row = {"file_name": "fox/1.png", "prompt": "a\u2028fox", "labels": {"animal": "fox"}, "n": 3}
    table = pets / "mine.jsonl"
    table.write_text(json.dumps(row, ensure_ascii=False) + "\n\n", encoding="utf-8")
    found = labeled_pictures(pets, table=table)
    assert told(found, pets) == {"fox/1.png": ({"n": "3", "animal": "fox"}, "a\u2028fox")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", "name,animal\nfox/1.png,fox\n"),
        ("metadata.csv", "file_name\nfox/none.png\n"),
        ("metadata.csv", "file_name\n../secret.png\n"),
        ("metadata.csv", "file_name\n/etc/passwd\n"),
        ("metadata.csv", "file_name,animal,animal\nfox/1.png,fox,cat\n"),
        ("metadata.jsonl", '{"file_name": "fox/1.png", "animal": "fox", "animal": "cat"}\n'),
        ("metadata.jsonl", "[1]\n"),
        ("metadata.jsonl", "{\n"),
        ("metadata.jsonl", '{"file_name": 3}\n'),
    ],
)
def test_a_table_that_is_wrong_is_refused_as_a_whole(pets: Path, name: str, content: str) -> None:
    (pets.parent / "secret.png").write_bytes(PNG)
    (pets / name).write_text(content)
    with pytest.raises(ValueError):
        labeled_pictures(pets)


def test_what_is_no_folder_is_said() -> None:
    with pytest.raises(NotADirectoryError):
        labeled_pictures("/nowhere/at/all")


class Service:
    """Takes pictures into datasets; one that says `broken` is none."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[str, str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.params.multi_items())
        content = request.content
        if b"broken" in content:
            details = {"parameter": "image", "value": None, "constraint": "an image"}
            error = {"code": "INVALID_PARAMETERS", "message": "is no image", "details": details}
            return httpx.Response(400, json={"error": error})
        path = f"/data/generated/pets/{len(self.asked)}.png"
        return httpx.Response(200, json={"image_path": path, "size_bytes": len(content)})


def test_pictures_become_images_of_a_dataset(caller: Caller, pets: Path) -> None:
    (pets / "broken.png").write_bytes(PNG + b"broken")
    service, seen = Service(), []
    done = caller.call(
        service,
        "datasets.upload",
        "pets",
        labeled_pictures(pets, label="animal"),
        on_progress=lambda *step: seen.append(step),
    )
    assert service.asked[1] == [("dataset", "pets"), ("label", "animal:cat")]
    assert done.image_paths[1:] == [f"/data/generated/pets/{n}.png" for n in (3, 4, 5)]
    assert done.refused == {pets / "broken.png": "is no image"}
    assert seen == [(n, 5) for n in range(1, 6)]


def test_what_is_not_of_the_picture_ends_the_upload(caller: Caller, pets: Path) -> None:
    error = {"code": "FORBIDDEN", "message": "lacks the scope 'write'", "details": {}}
    with pytest.raises(sdk.Forbidden):
        caller.call(
            lambda request: httpx.Response(403, json={"error": error}),
            "datasets.upload",
            "pets",
            labeled_pictures(pets),
        )


def test_an_upload_into_a_dataset_is_repeated_after_a_cut(caller: Caller, pets: Path) -> None:
    service, cut = Service(), [True]

    def once(request: httpx.Request) -> httpx.Response:
        if cut.pop() if cut else False:
            raise httpx.ReadError("cut")
        return service(request)

    labels = {"animal": "fox", "place": "a: b"}
    answer = caller.call(
        once, "upload_image", pets / "fox/1.png", dataset="pets", labels=labels, prompt="a fox"
    )
    assert answer["image_path"] == "/data/generated/pets/1.png"
    assert service.asked == [
        [
            ("dataset", "pets"),
            ("prompt", "a fox"),
            ("label", "animal:fox"),
            ("label", "place:a: b"),
        ]
    ]


def test_the_command_counts_by_label(pets: Path) -> None:
    line = CommandLine(Service())
    assert line.run("dataset", "upload", "pets", str(pets), "--class-label", "animal") == 0
    assert line.out.splitlines() == ["4 of 4 pictures are in pets", "animal: cat 1, fox 2"]
    (pets / "broken.png").write_bytes(PNG + b"broken")
    assert line.run("dataset", "upload", "pets", str(pets), "--label", "from=zoo", "--json") == 1
    assert json.loads(line.out)["labels"] == {"from": {"zoo": 4}, "label": {"cat": 1, "fox": 2}}
    assert "is no image" in line.err


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_the_command_says_what_is_wrong_with_the_folder(pets: Path, folder: str) -> None:
    (pets / "empty").mkdir()
    line = CommandLine(Service())
    assert line.run("dataset", "upload", "pets", str(pets / folder)) == 2
    assert folder in line.err
