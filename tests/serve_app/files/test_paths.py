"""One answer for everything outside; the reference's /data paths hold under any root."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engines.errors import InvalidImage, InvalidPath, NotFound
from serve_app.config import ApiConfig
from serve_app.paths import (
    DATASET_DIR,
    EXPORT_FILE,
    IMAGE,
    OUTPUT_FILE,
    SOURCE_DIR,
    PathCodec,
)
from tests.serve_app.api import HEADERS, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

ROOTS = ["/data", "/home/jane/inferloop/data", "s3://bucket/prefix"]

OUTSIDE = [
    "",
    "/",
    "/data",
    "/data/",
    "/data/generated",
    "/data/generated/",
    "/etc/passwd",
    "/data/../etc/passwd",
    "/data/generated/../../etc/passwd",
    "/data/generated/../exports/x.png",
    "/data/generated/./x.png",
    "/data/generated//x.png",
    "/data/generated/x\x00.png",
    "/data/generated/x\n.png",
    "/data/generated\\x.png",
    "/data/generated/.hidden.png",
    "/data/generated/.tmp-x/y.png",
    "/data/exports/x.png",
    "/data/profiles/x.png",
    "/database/generated/x.png",
    "data/generated/x.png",
    "generated/x.png",
    "file:///data/generated/x.png",
    "s3://elsewhere/generated/x.png",
    "http://localhost/data/generated/x.png",
    "~/x.png",
    "/data/generated/" + "x" * 2000,
    "/data/generated/%2e%2e/x.png/../y",
]


@pytest.mark.parametrize("root", ROOTS)
def test_keys_go_out_under_the_root_and_come_back(root: str) -> None:
    codec = PathCodec(root)
    key = "generated/nature_set/image_1.png"
    assert codec.to_wire(key) == f"{root}/{key}"
    assert codec.to_key(f"{root}/{key}", IMAGE) == key


@pytest.mark.parametrize("root", ROOTS)
def test_data_is_always_another_name_of_the_root(root: str) -> None:
    assert PathCodec(root).to_key("/data/generated/x.png", IMAGE) == "generated/x.png"


@pytest.mark.parametrize("path", OUTSIDE)
def test_outside_is_refused_always_alike(path: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        PathCodec("/data").to_key(path, IMAGE)
    fault = caught.value.faults[0]
    assert fault.parameter == "image_path"
    assert fault.constraint == "a path under /data/generated/ or /data/uploads/"
    assert caught.value.message == (
        "Invalid parameter: image_path must be under /data/generated/ or /data/uploads/"
    )


def test_a_folder_may_end_with_a_slash() -> None:
    codec = PathCodec("/data")
    assert codec.to_key("/data/generated/nature_set/", DATASET_DIR) == "generated/nature_set"


def test_each_endpoint_has_its_areas() -> None:
    codec = PathCodec("/data")
    assert codec.to_key("/data/exports/x.jsonl", OUTPUT_FILE) == "exports/x.jsonl"
    assert codec.to_key("/data/uploads", SOURCE_DIR) == "uploads"
    assert codec.to_key("/data/uploads/x", DATASET_DIR) == "uploads/x"
    assert codec.to_key("/data/generated", DATASET_DIR) == "generated"
    for path, field in [
        ("/data/generated/x.jsonl", OUTPUT_FILE),
        ("/data/exports/x", DATASET_DIR),
        ("/data/profiles", DATASET_DIR),
        ("/data/generated/x.png", EXPORT_FILE),
        ("/data/exports", OUTPUT_FILE),
        ("/data/exports/x", SOURCE_DIR),
    ]:
        with pytest.raises(InvalidPath):
            codec.to_key(path, field)


@given(st.text(max_size=60), st.sampled_from(["", "/data/", "/data/generated/", "/data/uploads/"]))
def test_what_is_accepted_stays_inside_its_area(tail: str, head: str) -> None:
    try:
        key = PathCodec("/data").to_key(head + tail, IMAGE)
    except InvalidPath:
        return
    segments = key.split("/")
    assert segments[0] in ("generated", "uploads")
    assert len(segments) > 1
    assert not {"", ".", ".."} & set(segments)
    assert "\x00" not in key
    assert "\\" not in key


def test_errors_below_are_told_in_the_clients_words() -> None:
    codec, path, key = PathCodec("/root"), "/data/generated/x.png", "generated/x.png"
    with pytest.raises(InvalidPath) as outside, codec.named(path, key, IMAGE):
        raise InvalidPath.of("path", key, "inside", "must not lead out")
    assert outside.value.faults == codec.outside(path, IMAGE).faults
    with pytest.raises(NotFound) as absent, codec.named(path, key, IMAGE):
        raise NotFound("object", key)
    assert absent.value.message == "Image not found: /root/generated/x.png"
    with pytest.raises(InvalidImage) as broken, codec.named(path, key, IMAGE):
        raise InvalidImage.of("image", None, "a decodable image", "is cut short")
    assert broken.value.message == "Invalid parameter: image_path is cut short"


def test_errors_about_something_else_pass_untouched() -> None:
    codec = PathCodec("/root")
    other = NotFound("profile", "nature")
    with pytest.raises(NotFound) as caught, codec.named("/root/uploads/x", "uploads/x", SOURCE_DIR):
        raise other
    assert caught.value is other
    foreign = InvalidPath.of("path", "exports/x.jsonl", "inside", "must not lead out")
    with pytest.raises(InvalidPath) as kept, codec.named("/data/generated/x", "g/x", DATASET_DIR):
        raise foreign
    assert kept.value is foreign


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_is_read_for_a_path_outside(
    client: TestClient, fakes: FakeServices, path: str
) -> None:
    answers = [
        client.get("/api/v1/images", params={"path": path}),
        client.post("/api/v1/validate/quality", json={"image_path": path}),
        client.post("/api/v1/validate/privacy", json={"image_path": path}),
        client.post("/api/v1/anonymize", json={"image_path": path}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "INVALID_PARAMETERS"
    assert fakes.files.reads == []


def test_a_link_out_of_the_root_looks_like_every_outside_path(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.files.links_out.add("generated/link.png")
    link = client.get("/api/v1/images", params={"path": "/data/generated/link.png"}).json()
    strange = client.get("/api/v1/images", params={"path": "/etc/passwd"}).json()
    link["error"]["details"].pop("value")
    strange["error"]["details"].pop("value")
    assert link == strange


def test_inside_but_absent_is_404(client: TestClient) -> None:
    answer = client.get("/api/v1/images", params={"path": "/data/generated/absent.png"})
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "NOT_FOUND",
        "message": "Image not found: /data/generated/absent.png",
        "details": {"resource": "image", "name": "/data/generated/absent.png"},
    }


def test_paths_go_out_under_the_configured_root() -> None:
    fakes = FakeServices(files=FakeFiles({"generated/x.png": PNG}))
    api = build_api(fakes, ApiConfig(data_root="s3://bucket/set"))
    client = TestClient(api.app, headers=HEADERS)
    answer = client.post("/api/v1/validate/quality", json={"image_path": "/data/generated/x.png"})
    assert answer.json()["image_path"] == "s3://bucket/set/generated/x.png"
    again = client.get("/api/v1/images", params={"path": answer.json()["image_path"]})
    assert again.content == PNG
