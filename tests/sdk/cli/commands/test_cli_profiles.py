"""`inferloop profiles` and `profile ...`: from every source to a profile on the server."""

from __future__ import annotations

import email
import json
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tests.sdk.cli.command_line import CommandLine

PROFILE = {
    "name": "cats",
    "sample_count": 3,
    "path": "/data/profiles/stream_cats.json",
    "statistics": {"brightness_mean": 0.5},
}


class ProfileService:
    """Keeps uploads in folders as the real one does, refuses what is no JPEG or PNG."""

    def __init__(
        self, keeps_folders: bool = True, root: str = "/data", has_cats: bool = False
    ) -> None:
        self.has_cats = has_cats
        self.root = root
        self.keeps_folders = keeps_folders
        self.uploads: dict[str, list[str]] = {}
        self.created: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if (request.method, path) == ("POST", "/images"):
            return self._upload(request)
        if (request.method, path) == ("POST", "/profiles"):
            self.created.append(json.loads(request.content))
        if (request.method, path) == ("GET", "/profiles"):
            summary = {"name": "cats", "sample_count": 3, "created_at": "2025-05-15T14:30:00Z"}
            return httpx.Response(200, json={"profiles": [summary]})
        if path.endswith("/compare/plot"):
            return httpx.Response(200, text=f"<svg>{path.split('/')[2]}</svg>")
        if path.endswith("/compare"):
            answer = {"conformance": 88.0, "distances": {"brightness": 0.1}, "left": "cats"}
            return httpx.Response(200, json=answer | {"right": "dogs"})
        if (request.method, path) == (
            "GET",
            f"/profiles/{path.rpartition('/')[2]}",
        ) and not self.has_cats:
            error = {"code": "NOT_FOUND", "message": "no such profile", "details": {}}
            return httpx.Response(404, json={"error": error})
        return httpx.Response(200, json=PROFILE)

    def _upload(self, request: httpx.Request) -> httpx.Response:
        head = f"Content-Type: {request.headers['content-type']}\n\n".encode()
        parts = email.message_from_bytes(head + request.content).get_payload()
        assert isinstance(parts, list)
        assert len(parts) == 1
        part = parts[0]
        assert isinstance(part, email.message.Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if not content.startswith((b"\x89PNG", b"\xff\xd8")):
            details = {"parameter": "file", "value": None, "constraint": "an image"}
            error = {"code": "INVALID_PARAMETERS", "message": "No image", "details": details}
            return httpx.Response(400, json={"error": error})
        folder = request.url.params["folder"]
        self.uploads.setdefault(folder, []).append(str(part.get_filename()))
        inside = f"{folder}/" if self.keeps_folders else ""
        count = len(self.uploads[folder])
        path = f"{self.root}/uploads/{inside}{count}.png"
        return httpx.Response(200, json={"image_path": path, "size_bytes": len(content)})


def picture(shade: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full((48, 64, 3), shade, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures at two levels, and what is none."""
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    (photos / ".hidden").mkdir()
    for name in ("b.png", "a.JPG", "deep/c.png", ".hidden/d.png", ".e.png"):
        encoded = cv2.imencode(".png", picture(100))[1].tobytes()
        (photos / name).write_bytes(encoded)
    (photos / "notes.txt").write_text("no picture")
    return photos


def test_of_a_folder(folder: Path) -> None:
    service = ProfileService()
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--folder", str(folder)) == 0
    assert service.uploads == {"cats-0123abcd": ["a.JPG", "b.png", "c.png"]}
    assert service.created == [{"name": "cats", "source_dir": "/data/uploads/cats-0123abcd"}]
    assert line.out == "cats: 3 images\n/data/profiles/stream_cats.json\n"
    assert line.err == (
        "uploaded 3 images to /data/uploads/cats-0123abcd; they stay there; "
        "--remove-uploads removes them\n"
    )


def test_a_name_that_is_taken_is_said_before_anything_is_uploaded(folder: Path) -> None:
    service = ProfileService(has_cats=True)
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--folder", str(folder)) == 2
    assert "there is a profile cats already" in line.err
    assert service.uploads == {}
    assert line.run("profile", "create", "cats", "--folder", str(folder), "--update") == 0


def test_the_folder_of_a_data_root_in_s3_keeps_its_slashes(folder: Path) -> None:
    service = ProfileService(root="s3://bucket/root")
    assert CommandLine(service).run("profile", "create", "cats", "--folder", str(folder)) == 0
    assert service.created[0]["source_dir"] == "s3://bucket/root/uploads/cats-0123abcd"


def test_an_update_says_so_and_a_limit_holds(folder: Path) -> None:
    service = ProfileService()
    argv = ("profile", "create", "cats", "--folder", str(folder), "--update", "--max-images", "2")
    assert CommandLine(service).run(*argv) == 0
    assert service.uploads["cats-0123abcd"] == ["a.JPG", "b.png"]
    assert service.created[0]["update"] is True


def test_a_picture_that_is_refused_is_named_and_left_out(folder: Path) -> None:
    (folder / "a.JPG").write_bytes(b"lies")
    service = ProfileService()
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--folder", str(folder)) == 0
    assert service.uploads["cats-0123abcd"] == ["b.png", "c.png"]
    assert "left out a.JPG: No image\n" in line.err


def test_a_folder_of_nothing_makes_no_profile(tmp_path: Path) -> None:
    service = ProfileService()
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--folder", str(tmp_path)) == 2
    assert line.err == "inferloop: The source gave no usable image\n"
    assert service.created == []


def test_a_server_without_folders_makes_no_mixed_profile(folder: Path) -> None:
    service = ProfileService(keeps_folders=False)
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--folder", str(folder)) == 1
    assert "did not store the image in the requested folder" in line.err
    assert service.created == []


def test_of_a_folder_that_the_server_has() -> None:
    service = ProfileService()
    argv = ("profile", "create", "cats", "--source-dir", "/data/generated/cats")
    assert CommandLine(service).run(*argv) == 0
    assert service.created == [{"name": "cats", "source_dir": "/data/generated/cats"}]
    assert service.uploads == {}


def test_of_a_bucket_that_the_server_reads() -> None:
    service = ProfileService()
    argv = ("profile", "create", "cats", "--s3", "s3://photos/cats", "--keep-features", "--update")
    assert CommandLine(service).run(*argv) == 0
    assert service.created == [
        {"name": "cats", "source_url": "s3://photos/cats", "update": True, "keep_features": True}
    ]
    assert service.uploads == {}


@pytest.mark.parametrize("option", [("--s3-endpoint", "http://x"), ("--max-images", "3")])
def test_what_only_this_machine_could_do_is_not_dropped_in_silence(option: tuple[str, ...]) -> None:
    service = ProfileService()
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", "--s3", "s3://photos", *option) == 2
    assert "--s3-here" in line.err
    assert service.created == []


def test_hashes_and_features_of_uploaded_images_are_kept_too(folder: Path) -> None:
    service = ProfileService()
    keep = ("--keep-hashes", "--keep-features")
    argv = ("profile", "create", "cats", "--folder", str(folder), *keep)
    assert CommandLine(service).run(*argv) == 0
    assert service.created[0]["keep_hashes"] is True
    assert service.created[0]["keep_features"] is True


def test_a_comparison_is_drawn_into_a_file(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    line = CommandLine(ProfileService())
    argv = ("profile", "compare", "cats", "--profile", "dogs", "--plot", str(plot))
    assert line.run(*argv) == 0
    assert plot.read_text() == "<svg>cats</svg>"
    assert f"drew {plot}" in line.err


def test_of_a_video(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for index in range(35):
        writer.write(picture(index * 7))
    writer.release()
    service = ProfileService()
    line = CommandLine(service, terminal=True)
    assert line.run("profile", "create", "film", "--video", str(film)) == 0
    # 3.5 s: frames at 0, 1, 2 and 3 s.
    names = [f"frame_{index:06d}.jpg" for index in range(4)]
    assert service.uploads == {"film-0123abcd": names}
    assert "uploading [#" in line.err


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("--folder", "nowhere"), "not a folder: nowhere"),
        (("--video", "nowhere.mp4"), "not a file: nowhere.mp4"),
        (
            ("--s3", "http://bucket", "--s3-here"),
            "not an S3 address (s3://bucket/prefix): http://bucket",
        ),
        (
            ("--unsplash", "cats"),
            "An Unsplash source needs an access key: --unsplash-key or UNSPLASH_ACCESS_KEY "
            "(make one at https://unsplash.com/developers)",
        ),
        (("--webcam", "97"), "cannot open webcam 97"),
    ],
)
def test_a_source_that_is_not_there_is_one_line(argv: tuple[str, ...], complaint: str) -> None:
    service = ProfileService()
    line = CommandLine(service)
    assert line.run("profile", "create", "cats", *argv) == 2
    assert line.err == f"inferloop: {complaint}\n"
    assert service.created == []


def test_an_unreachable_stream_does_not_show_its_password() -> None:
    line = CommandLine(ProfileService())
    assert line.run("profile", "create", "c", "--rtsp", "rtsp://u:secret@127.0.0.1:9/s") == 2
    assert line.err == "inferloop: cannot open RTSP stream\n"


def test_listed_shown_compared_deleted() -> None:
    line = CommandLine(ProfileService(has_cats=True))
    assert line.run("profiles") == 0
    assert line.out.splitlines()[1].split() == ["cats", "3", "2025-05-15T14:30:00Z"]
    assert line.run("profile", "show", "cats") == 0
    assert "statistics.brightness_mean: 0.5" in line.out
    assert line.run("profile", "compare", "cats", "--profile", "dogs", "--json") == 0
    assert json.loads(line.out)["conformance"] == 88.0
    assert line.run("profile", "delete", "cats", "--yes") == 0
    assert line.out == "deleted cats\n"
