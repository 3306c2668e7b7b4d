"""`inferloop verify`, `sign` and `replay`: what they ask of the service, what they print."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from engines.datasets.recipe_png import encode_with_recipe
from engines.datasets.store import DatasetStore
from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.log import MarkLog
from engines.provenance.sheet import SheetSigner
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage
from inferloop_synthdata.marks.replaying import difference, request_of
from tests.engines.provenance.conftest import encoded, some_pixels, some_png, some_recipe
from tests.sdk.command_line import CommandLine, Service
from tests.sdk.test_read_mark import pem

IDENTITY, AUTHORITY = identity_in(new_bundle())
SOUND: dict[str, Any] = {
    "mark": "present",
    "signature": "trusted",
    "changed": False,
    "summary": "The file was made by AI.",
}


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked {request.url}")


def marked_file(folder: Path) -> Path:
    png, recipe = some_png(side=16)
    path = folder / "fox.png"
    definition = created(recipe, None, MarksConfig())
    path.write_bytes(C2paSigner(IDENTITY).sign(png, "image/png", definition))
    return path


def anchor_file(folder: Path) -> Path:
    path = folder / "anchor.pem"
    path.write_text(pem(AUTHORITY))
    return path


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"signature": "development"}, 0),
        ({"signature": "unknown"}, 0),
        ({"changed": True}, 1),
        ({"signature": "invalid"}, 1),
        ({"mark": "absent", "signature": None, "changed": None}, 1),
    ],
)
def test_a_file_is_sent_to_the_service_and_the_exit_code_says_if_it_is_sound(
    changes: dict[str, Any], code: int, tmp_path: Path
) -> None:
    service = Service(verify={**SOUND, **changes})
    line = CommandLine(service)
    assert line.run("verify", str(marked_file(tmp_path))) == code
    assert [path for _, path, _ in service.asked] == ["verify"]
    assert "The file was made by AI." in line.out


def test_a_stored_image_is_named_not_sent() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.params["path"], request.read()))
        return httpx.Response(200, json=SOUND)

    assert CommandLine(handler).run("verify", "--stored", "/data/generated/a.png") == 0
    assert asked == [("/data/generated/a.png", b"")]


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    line = CommandLine(nobody, environ={})
    path, anchor = marked_file(tmp_path), anchor_file(tmp_path)
    assert line.run("verify", str(path), "--offline", "--trust", str(anchor)) == 0
    assert "signature: trusted" in line.out
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert line.run("verify", str(path), "--offline") == 1
    assert "changed: true" in line.out


def test_a_file_that_is_no_image_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    line = CommandLine(nobody, environ={})
    assert line.run("verify", str(tmp_path / "a.txt"), "--offline") == 2
    assert line.err == "inferloop: neither PNG, JPEG nor WebP\n"
    assert line.run("verify", str(tmp_path / "none.png"), "--offline") == 1


def signed_folder(root: Path) -> Path:
    storage = FolderStorage(root)
    for name in ("a", "b"):
        storage.put_new(f"generated/d/{name}.png", encoded(some_pixels(side=8), "PNG"))
    SheetSigner(DatasetStore(storage), IDENTITY, MarkLog(storage), {}).sign("d")
    return root / "generated" / "d"


def test_a_folder_is_held_against_its_sheet_without_the_service(tmp_path: Path) -> None:
    folder, anchor = signed_folder(tmp_path / "root"), anchor_file(tmp_path)
    line = CommandLine(nobody, environ={})
    command = ("verify", "--dataset", str(folder), "--trust", str(anchor))
    assert line.run(*command) == 0
    assert "signature: trusted" in line.out
    (folder / "a.png").write_bytes(b"other")
    (folder / "b.png").unlink()
    (folder / "c.png").write_bytes(b"new")
    assert line.run(*command) == 1
    assert line.out.splitlines()[-3:] == ["added: c.png", "lost: b.png", "changed: a.png"]
    assert line.run(*command, "--json") == 1
    assert json.loads(line.out)["lost"] == ["b.png"]


def test_a_sheet_may_lie_elsewhere_and_a_folder_without_one_is_told(tmp_path: Path) -> None:
    folder = signed_folder(tmp_path / "root")
    sheet = (folder / "inferloop.sheet.jsonl").rename(tmp_path / "sheet.jsonl")
    line = CommandLine(nobody, environ={})
    assert line.run("verify", "--dataset", str(folder), "--sheet", str(sheet)) == 0
    assert line.run("verify", "--dataset", str(folder)) == 1
    assert "inferloop.sheet.jsonl" in line.err


@pytest.mark.parametrize(("intact", "code"), [(True, 0), (False, 1)])
def test_the_log_and_a_servers_dataset_are_checked_there(intact: bool, code: int) -> None:
    report = {"intact": intact, "unchanged": intact, "entries": 3}

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path in ("/api/v1/marks/log", "/api/v1/datasets/d/sheet")
        return httpx.Response(200, json=report)

    assert CommandLine(handler).run("verify", "--log") == code
    assert CommandLine(handler).run("verify", "--server-dataset", "d") == code


def test_exactly_one_thing_is_verified() -> None:
    for words in ((), ("a.png", "--log"), ("--log", "--stored", "x")):
        with pytest.raises(SystemExit):
            CommandLine(nobody).run("verify", *words)


def test_signing_says_when_the_key_is_a_development_key(tmp_path: Path) -> None:
    answer = {
        "name": "d",
        "sheet_path": "/data/generated/d/inferloop.sheet.jsonl",
        "digest": "ab",
        "signature": "development",
    }

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert request.url.path == "/api/v1/datasets/d/sign"
            return httpx.Response(200, json=answer)
        return httpx.Response(200, content=b"the sheet")

    line = CommandLine(handler)
    assert line.run("sign", "d", "--download", str(tmp_path)) == 0
    assert "nobody outside trusts" in line.err
    assert (tmp_path / "inferloop.sheet.jsonl").read_bytes() == b"the sheet"


class Generator:
    """Makes `content` whatever it is asked, and remembers what that was."""

    def __init__(self, content: bytes, may_delete: bool = True) -> None:
        self.content = content
        self.may_delete = may_delete
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.method == "POST" else None
        self.asked.append((request.method, body))
        if request.method == "POST":
            path = "/data/generated/replays/new.png"
            return httpx.Response(200, json={"image_path": path, "prompt": "p", "parameters": {}})
        if request.method == "DELETE":
            error = {"error": {"code": "FORBIDDEN", "message": "no", "details": {}}}
            return (
                httpx.Response(200, json={"name": "x"})
                if self.may_delete
                else httpx.Response(403, json=error)
            )
        return httpx.Response(200, content=self.content)


def test_an_image_that_comes_out_the_same_is_identical(tmp_path: Path) -> None:
    path = marked_file(tmp_path)
    service = Generator(some_png(side=16)[0])
    line = CommandLine(service)
    assert line.run("replay", str(path)) == 0
    assert line.out.splitlines()[:4] == [
        "identical: true",
        "max_difference: 0",
        "mean_difference: 0",
        "file_as_recorded: true",
    ]
    assert [method for method, _ in service.asked] == ["POST", "GET", "DELETE"]
    assert service.asked[0][1] == {
        "prompt": "Ms Rosa Example in front of her house",
        "model_id": "runwayml/stable-diffusion-v1-5",
        "width": 16,
        "height": 16,
        "num_inference_steps": 4,
        "guidance_scale": 5.0,
        "seed": 42,
        "dataset": "replays",
    }


def test_an_image_that_comes_out_otherwise_is_measured(tmp_path: Path) -> None:
    pixels = some_pixels(side=16)
    other = pixels.copy()
    other[0, 0, 0] = other[0, 0, 0] ^ 3
    from dataclasses import replace

    recipe = replace(some_recipe(other), revision="4567def")
    service = Generator(encode_with_recipe(other, recipe), may_delete=False)
    line = CommandLine(service)
    target = tmp_path / "again.png"
    assert line.run("--json", "replay", str(marked_file(tmp_path)), "--out", str(target)) == 1
    report = json.loads(line.out)
    assert report["identical"] is False
    assert 1 <= report["max_difference"] <= 3
    assert 0 < report["mean_difference"] < 0.01
    assert report["made_otherwise"] == {"revision": ["0123abc", "4567def"]}
    assert target.read_bytes() == service.content
    assert "stays on the server" in line.err


def test_a_picture_that_was_painted_over_is_told(tmp_path: Path) -> None:
    pixels = some_pixels(side=16)
    painted = pixels.copy()
    painted[:4] = 0
    path = tmp_path / "painted.png"
    path.write_bytes(encode_with_recipe(painted, some_recipe(pixels)))
    line = CommandLine(Generator(some_png(side=16)[0]))
    assert line.run("replay", str(path), "--keep") == 1
    assert "file_as_recorded: false" in line.out


@pytest.mark.parametrize("content", [b"", b"hello", encoded(some_pixels(side=8), "PNG")])
def test_without_a_recipe_nothing_is_made(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    line = CommandLine(nobody)
    assert line.run("replay", str(path)) == 2
    assert "no recipe" in line.err


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"prompt": "p"},
        {"prompt": 7, "parameters": {"seed": 1}},
        {"prompt": "p", "parameters": {}},
    ],
)
def test_half_a_recipe_is_refused(recipe: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="recipe"):
        request_of(recipe)


@pytest.mark.parametrize(
    ("asked", "made", "sent"),
    [
        (None, None, None),
        ("fast", {"mode": "fast"}, "fast"),
        (None, {"mode": "balanced"}, "balanced"),
        (None, {"mode": "exact"}, "exact"),
    ],
)
def test_an_image_is_made_again_at_the_speed_it_was_made_at(
    asked: str | None, made: dict[str, Any] | None, sent: str | None
) -> None:
    recipe: dict[str, Any] = {"prompt": "p", "parameters": {"seed": 1, "speed": asked}}
    _, options = request_of(recipe if made is None else {**recipe, "speed": made})
    assert options["speed"] == sent


def test_pictures_of_two_sizes_are_not_compared() -> None:
    black = [encoded(np.zeros((side, side, 3), np.uint8), "PNG") for side in (8, 16)]
    with pytest.raises(ValueError, match="sizes"):
        difference(black[0], black[1])
    grown = io.BytesIO()
    Image.open(io.BytesIO(black[0])).resize((16, 16)).save(grown, "PNG")
    assert difference(grown.getvalue(), black[1]).is_identical


def test_the_sentence_comes_first_and_the_recipe_is_left_to_json(tmp_path: Path) -> None:
    found = {**SOUND, "recipe": {"prompt": "a fox", "notes": []}}
    for form in ([], ["--json"]):
        line = CommandLine(lambda _request: httpx.Response(200, json=found))
        assert line.run(*form, "verify", str(marked_file(tmp_path))) == 0
        if form:
            assert json.loads(line.out)["recipe"] == found["recipe"]
        else:
            assert line.out.splitlines()[0] == SOUND["summary"]
            assert "a fox" not in line.out
