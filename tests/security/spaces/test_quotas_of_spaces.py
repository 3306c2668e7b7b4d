"""Storage quotas of tenants on the real replicas: each has its own, for whatever it stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tests.security.spaces.tenants import SharedService, entry, picture

API = "/api/v1"
SMALL = {"width": 64, "height": 64, "num_inference_steps": 1, "dataset": "set"}
ROOM = 100_000
"""Bytes: some ten pictures."""

Store = Callable[[TestClient, str], Response]


@pytest.fixture
def shared(tmp_path: Path) -> SharedService:
    quota = {"stored_bytes": ROOM}
    return SharedService(
        tmp_path,
        entry("ada", space="acme", quota=quota),
        entry("ann", space="acme", quota=quota),
        entry("bob", space="bolt", quota=quota),
        entry("joe", quota=quota),
        entry("jim", quota=quota),
    )


def fill(client: TestClient) -> list[str]:
    """Upload until it is refused; the paths of what was taken."""
    paths: list[str] = []
    while (answer := client.post(f"{API}/images", content=picture(len(paths)))).status_code == 200:
        paths.append(answer.json()["image_path"])
        assert len(paths) < 100, "the quota holds nothing"
    assert answer.status_code == 507
    assert answer.json()["error"]["details"]["limit"] == "quota"
    return paths


def test_the_same_file_in_a_dataset_counts_once(shared: SharedService) -> None:
    with shared.client("bob") as bob:
        size_bytes, query = len(picture(1)), {"dataset": "set", "label": "animal:fox"}
        for _ in range(2 + ROOM // size_bytes):
            assert bob.post(f"{API}/images", params=query, content=picture(1)).status_code == 200
        (one,) = bob.get(f"{API}/datasets").json()["datasets"]
        assert (one["image_count"], one["labels"]) == (1, {"animal": {"fox": 1}})
        paths = fill(bob)
        assert len(paths) == (ROOM - size_bytes) // size_bytes


def upload(client: TestClient, path: str) -> Response:
    return client.post(f"{API}/images", content=picture(99))


def generate(client: TestClient, path: str) -> Response:
    return client.post(f"{API}/generate", json={"prompt": "x", **SMALL})


def batch(client: TestClient, path: str) -> Response:
    return client.post(f"{API}/generate/batch", json={"prompts": ["x", "y"], **SMALL})


def profile(client: TestClient, path: str) -> Response:
    return client.post(f"{API}/profiles", json={"name": "p", "source_dir": "/data/uploads"})


def export(client: TestClient, path: str) -> Response:
    body = {"dataset_dir": "/data/uploads", "output_file": "/data/exports/a.parquet"}
    return client.post(f"{API}/export/parquet", json=body)


def anonymize(client: TestClient, path: str) -> Response:
    return client.post(f"{API}/anonymize", json={"image_path": path})


STORES = (upload, generate, batch, profile, export, anonymize)


def taken(client: TestClient, store: Store, path: str) -> int:
    """How often something can be stored and taken away again, out of many times."""
    count = 0
    while count < 40 and store(client, path).status_code == 200:
        count += 1
    return count


@pytest.mark.parametrize("store", [upload, generate, batch, anonymize])
def test_whatever_is_stored_counts(shared: SharedService, store: Store) -> None:
    with shared.client("ada") as ada:
        first = ada.post(f"{API}/images", content=picture(0)).json()["image_path"]
        assert 0 < taken(ada, store, first) < 20
        assert store(ada, first).status_code == 507


@pytest.mark.parametrize("store", STORES)
def test_a_spent_quota_holds_for_its_space_and_for_nobody_else(
    shared: SharedService, store: Store
) -> None:
    with shared.client("ada") as ada, shared.client("ann") as ann, shared.client("bob") as bob:
        (mine, *_) = fill(ada)
        # What is about to be stored has no known size here: a last byte may be left.
        while ada.post(f"{API}/profiles", json=_profile("rest")).status_code == 200:
            pass
        assert store(ada, mine).status_code == 507
        assert store(ann, mine).status_code == 507
        theirs = bob.post(f"{API}/images", content=picture(0)).json()["image_path"]
        assert store(bob, theirs).status_code == 200


def _profile(name: str) -> dict[str, object]:
    return {"name": name, "source_dir": "/data/uploads", "update": True}


def test_names_that_two_spaces_share_are_counted_apart(shared: SharedService) -> None:
    """Deleting gives back what one's own space has stored, not what another stored so named."""
    with shared.client("ada") as ada, shared.client("bob") as bob:
        for client in (ada, bob):
            assert generate(client, "").status_code == 200
            assert export_of_set(client).status_code == 200
            assert profile_of_set(client).status_code == 200
        fill(ada)
        assert bob.delete(f"{API}/datasets/set").status_code == 200
        assert bob.delete(f"{API}/profiles/p").status_code == 200
        assert bob.delete(f"{API}/exports", params=_exported()).status_code == 200
        assert upload(ada, "").status_code == 507
        assert ada.delete(f"{API}/datasets/set").status_code == 200
        assert upload(ada, "").status_code == 200


def export_of_set(client: TestClient) -> Response:
    body = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/a.jsonl"}
    return client.post(f"{API}/export/jsonl", json=body)


def profile_of_set(client: TestClient) -> Response:
    return client.post(f"{API}/profiles", json={"name": "p", "source_dir": "/data/generated/set"})


def _exported() -> dict[str, str]:
    return {"path": "/data/exports/a.jsonl"}


def test_a_profile_counts_once_and_gives_its_room_back(shared: SharedService) -> None:
    with shared.client("ada") as ada:
        assert generate(ada, "").status_code == 200
        for _ in range(20):  # extended, it is one object still
            body = {"name": "p", "source_dir": "/data/generated/set", "update": True}
            assert ada.post(f"{API}/profiles", json=body).status_code == 200
        with_profile = len(fill(ada))
        assert ada.delete(f"{API}/profiles/p").status_code == 200
        assert len(fill(ada)) > 0 or with_profile == 0


def test_keys_without_a_space_have_a_quota_each(shared: SharedService) -> None:
    with shared.client("joe") as joe, shared.client("jim") as jim:
        (first, *_) = fill(joe)
        assert upload(jim, "").status_code == 200
        # Who deletes gives the room back to whoever stored it.
        assert jim.delete(f"{API}/images", params={"path": first}).status_code == 200
        assert upload(joe, "").status_code == 200
