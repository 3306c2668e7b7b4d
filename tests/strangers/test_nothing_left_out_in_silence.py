"""Files without a known suffix are read; what is no image is named, wherever a folder is taken."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from engines.datasets.store.layout import iter_images, iter_left_out
from engines.storage.folder.storage import FolderStorage
from inferloop_synthdata.sources.images import folder_images
from serve_app.config import ApiConfig
from tests.sdk.cli.command_line import CommandLine
from tests.serve_app.api import HEADERS, build_api
from tests.serve_app.fake_services import FakeServices
from tests.strangers.conftest import FOLDER, image

BODY = {"dataset_dir": "/data/uploads/found"}
IMAGES = {
    "plain.png": "PNG",
    "IMG_0001": "JPEG",
    "deep/no suffix here": "WEBP",
    "b.jfif": "JPEG",
    "c.mpo": "JPEG",
    "d.bin": "TIFF",
    "e.download": "GIF",
    "f.heic": "PNG",
    "g.tmp": "BMP",
    "h.photo": "AVIF",
}
OTHERS = {"archive.zip": b"PK\3\4", "README": b"read me", "x\ty.bin": b"?"}
HIDDEN = {"._plain.png": b"\0", ".thumbs/a.png": b"\0", "notes.json": b"{}", "labels.csv": b"a"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "found"
    files = {name: image(kind) for name, kind in IMAGES.items()} | OTHERS | HIDDEN
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_a_folder_for_a_profile_is_read_whole_and_the_rest_is_named(folder: Path) -> None:
    left_out: list[str] = []
    found = folder_images(folder, left_out.append)
    assert sorted(str(each.content) for each in found) == sorted(
        str(folder / name) for name in IMAGES
    )
    assert left_out == ["README", "archive.zip", "x\\ty.bin"]


def test_profile_create_says_what_it_left_out(folder: Path) -> None:
    uploads: list[bytes] = []

    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/images"):
            uploads.append(request.read())
            path = "/data/uploads/shop-0123abcd/u.png"
            return httpx.Response(200, json={"image_path": path})
        if request.method == "GET":
            missing = {"code": "NOT_FOUND", "message": "Profile not found: shop", "details": {}}
            return httpx.Response(404, json={"error": missing})
        return httpx.Response(200, json={"name": "shop", "sample_count": 1, "path": "p"})

    line = CommandLine(service)
    assert line.run("profile", "create", "shop", "--folder", str(folder)) == 0
    assert len(uploads) == len(IMAGES)
    for name in ("README", "archive.zip"):
        assert f"left out {name}: not an image" in line.err


def test_the_service_reads_the_same_files_and_names_the_same_others(
    folder: Path, storage: FolderStorage
) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and "\t" not in path.name:
            storage.put_new(f"{FOLDER}/{path.relative_to(folder)}", path.read_bytes())
    found = [stat.key.removeprefix(f"{FOLDER}/") for stat in iter_images(storage, FOLDER)]
    assert sorted(found) == sorted(IMAGES)
    left_out = {each.name: each.reason for each in iter_left_out(storage, FOLDER)}
    assert set(left_out) == {"README", "archive.zip"}


def test_names_that_can_be_no_key_are_named(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new(f"{FOLDER}/a.png", image())
    (tmp_path / FOLDER / "odd\tname.png").write_bytes(image())
    (left_out,) = iter_left_out(storage, FOLDER)
    assert (left_out.name, "rename" in left_out.reason) == ("odd\\tname.png", True)


def test_a_dataset_without_others_names_none(storage: FolderStorage) -> None:
    storage.put_new(f"{FOLDER}/a.png", image())
    storage.put_new(f"{FOLDER}/a.png.quality.json", b"{}")
    storage.put_new(f"{FOLDER}/a.txt", b"0 1 1 1 1")
    assert list(iter_left_out(storage, FOLDER)) == []


def test_validating_a_dataset_names_what_it_left_out() -> None:
    fakes = FakeServices()
    for name in ("a.png", "b.zip", "c"):
        fakes.files.contents[f"uploads/found/{name}"] = image()
    with TestClient(build_api(fakes, ApiConfig()).app, headers=HEADERS) as client:
        answer = client.post("/api/v1/validate/dataset", json=BODY).json()
        assert (answer["image_count"], answer["skipped_count"]) == (1, 2)
        assert [each["name"] for each in answer["skipped"]] == ["b.zip", "c"]
        for name in ("b.zip", "c"):
            del fakes.files.contents[f"uploads/found/{name}"]
        answer = client.post("/api/v1/validate/dataset", json=BODY).json()
        assert "skipped_count" not in answer
