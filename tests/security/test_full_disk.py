"""The real replicas below the floor of free space: every write is 507, and nothing half is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from httpx2 import Response
from starlette.testclient import TestClient

from serve_app.routing import access_of
from tests.security.spaces.tenants import SharedService, entry, picture

API = "/api/v1"
SMALL = {"width": 64, "height": 64, "num_inference_steps": 2, "dataset": "set"}
DECLARED = {
    "name": "declared",
    "prompt": "a {animal}",
    "attributes": {"animal": ["cat", "fox"]},
    "count": 2,
    "generation": {"width": 64, "height": 64, "num_inference_steps": 2},
}
FULL = 2**62
"""More than any disk has: every write would go below it."""


@dataclass(frozen=True)
class Stored:
    image: str
    export: str


Call = Callable[[TestClient, Stored], Response]


def _json(route: str, **body: Any) -> Call:
    return lambda client, stored: client.post(f"{API}{route}", json=body)


def _export(kind: str, **target: str) -> Call:
    return _json(f"/export/{kind}", dataset_dir="/data/generated/set", **target)


WRITES: dict[tuple[str, str], Call] = {
    ("POST", "/images"): lambda c, s: c.post(f"{API}/images", content=picture(9)),
    ("POST", "/generate"): _json("/generate", prompt="x", **SMALL),
    ("POST", "/generate/batch"): _json("/generate/batch", prompts=["x", "y"], **SMALL),
    ("POST", "/profiles"): _json("/profiles", name="new", source_dir="/data/generated/set"),
    ("POST", "/anonymize"): lambda c, s: c.post(f"{API}/anonymize", json={"image_path": s.image}),
    ("POST", "/validate/quality"): lambda c, s: c.post(
        f"{API}/validate/quality", json={"image_path": s.image}
    ),
    ("POST", "/validate/privacy"): lambda c, s: c.post(
        f"{API}/validate/privacy", json={"image_path": s.image}
    ),
    ("POST", "/validate/dataset"): _json("/validate/dataset", dataset_dir="/data/generated/set"),
    ("POST", "/export/jsonl"): _export("jsonl", output_file="/data/exports/a.jsonl"),
    ("POST", "/export/parquet"): _export("parquet", output_file="/data/exports/b.parquet"),
    ("POST", "/export/webdataset"): _export("webdataset", output_dir="/data/exports/c"),
    ("POST", "/export/csv"): _export("csv", output_file="/data/exports/d.csv"),
    ("POST", "/export/coco"): _export("coco", output_file="/data/exports/e.json"),
    ("POST", "/export/imagefolder"): _export("imagefolder", output_file="/data/exports/f.zip"),
    ("POST", "/datasets"): _json("/datasets", **DECLARED),
    ("POST", "/datasets/preview"): _json("/datasets/preview", spec=DECLARED),
    ("PATCH", "/images"): lambda c, s: c.patch(
        f"{API}/images", json={"path": s.image, "rating": 3}
    ),
    ("POST", "/datasets/{name}/sign"): _json("/datasets/set/sign"),
}
WRITES_NOTHING_THEN = {
    ("POST", "/export/s3"),  # to a bucket of the user
    ("POST", "/ws/ticket"),
    ("POST", "/exports/ticket"),
    ("POST", "/datasets/plan"),
    ("POST", "/verify"),
    ("POST", "/datasets/{name}/report"),  # answered and not kept, tried below
    ("POST", "/v1/images/generations"),  # with its errors of another shape, tried below
}


def filled(root: Path) -> Stored:
    """What lay there before the disk was full."""
    with SharedService(root, entry("ada", space="acme")).client("ada") as ada:
        return filled_by(ada)


def filled_by(client: TestClient) -> Stored:
    """An image in a dataset, an export and a profile of it."""
    made = client.post(f"{API}/generate", json={"prompt": "x", **SMALL})
    export = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/a.jsonl"}
    exported = client.post(f"{API}/export/jsonl", json=export)
    profile = {"name": "p", "source_dir": "/data/generated/set"}
    assert client.post(f"{API}/profiles", json=profile).status_code == 200
    return Stored(made.json()["image_path"], exported.json()["output_file"])


def restarted(root: Path) -> SharedService:
    """The service started anew on the full disk."""
    return SharedService(root, entry("ada", space="acme"), min_free_bytes=FULL)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("full")


@pytest.fixture(scope="module")
def stored(root: Path) -> Stored:
    return filled(root)


@pytest.fixture(scope="module")
def full(root: Path, stored: Stored) -> SharedService:
    return restarted(root)


@pytest.fixture
def ada(full: SharedService) -> Iterator[TestClient]:
    with full.client("ada") as client:
        yield client


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("route", WRITES, ids="".join)
def test_every_write_is_507_and_leaves_nothing(
    full: SharedService, ada: TestClient, stored: Stored, route: tuple[str, str]
) -> None:
    before = files(full.root)
    answer = WRITES[route](ada, stored)
    assert answer.status_code == 507, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INSUFFICIENT_STORAGE"
    assert error["details"]["limit"] == "free_space"
    assert files(full.root) == before


def test_an_image_for_a_client_of_openai_is_507_too(full: SharedService, ada: TestClient) -> None:
    before = files(full.root)
    answer = ada.post("/v1/images/generations", json={"prompt": "x", "size": "64x64"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "insufficient_storage")
    assert files(full.root) == before


def test_an_upload_into_a_dataset_is_507_too(full: SharedService, ada: TestClient) -> None:
    before = files(full.root)
    query = {"dataset": "set", "label": "animal:fox"}
    answer = ada.post(f"{API}/images", params=query, content=picture(9))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "INSUFFICIENT_STORAGE")
    assert files(full.root) == before


def test_a_report_is_answered_and_not_kept(full: SharedService, ada: TestClient) -> None:
    before = files(full.root)
    assert ada.post(f"{API}/datasets/set/report", json={}).status_code == 200
    assert files(full.root) == before


def test_every_route_that_writes_is_tried(full: SharedService) -> None:
    changing = {
        (method, str(context.path).removeprefix(API))
        for context in iter_route_contexts(full.app.routes)
        if isinstance(context.route, APIRoute)
        for method in context.methods or ()
        if method in ("POST", "PATCH") and access_of(context.route.dependencies) is not None
    }
    assert changing == set(WRITES) | WRITES_NOTHING_THEN


def test_reads_and_deletes_go_on(tmp_path: Path) -> None:
    stored, ada = filled(tmp_path), restarted(tmp_path).client("ada")
    for path in ("/datasets", "/datasets/set", "/profiles", "/profiles/p"):
        assert ada.get(f"{API}{path}").status_code == 200, path
    assert ada.get(f"{API}/images", params={"path": stored.image}).status_code == 200
    assert ada.get(f"{API}/exports", params={"path": stored.export}).status_code == 200
    compared = ada.get(f"{API}/profiles/p/compare", params={"dataset": "set"})
    assert compared.status_code == 200
    assert ada.delete(f"{API}/exports", params={"path": stored.export}).status_code == 200
    assert ada.delete(f"{API}/profiles/p").status_code == 200
    assert ada.delete(f"{API}/datasets/set").status_code == 200


def test_a_space_that_is_new_on_a_full_disk_is_empty_and_no_error(tmp_path: Path) -> None:
    SharedService(tmp_path, entry("ada"))
    new = SharedService(tmp_path, entry("eve", space="fresh"), min_free_bytes=FULL)
    with new.client("eve") as eve:
        assert eve.get(f"{API}/datasets").json() == {"datasets": []}
        assert eve.get(f"{API}/profiles").json() == {"profiles": []}
