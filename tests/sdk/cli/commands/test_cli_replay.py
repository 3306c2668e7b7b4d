"""inferloop replay: an image made again from its recipe, and how far it is from the first."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from engines.datasets.recipes.png import encode_with_recipe
from inferloop_synthdata.marks.replaying import difference, request_of
from tests.engines.provenance.conftest import encoded, some_pixels, some_png, some_recipe
from tests.sdk.cli.command_line import CommandLine
from tests.sdk.marks.marked import marked_file, nobody


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
