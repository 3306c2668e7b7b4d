"""Quotas at the routes: who is past one writes nothing, reads on, deletes, and may write again."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from engines.errors import InsufficientStorage
from serve_app.access.caller import Caller
from serve_app.budgets.storage import StorageQuota, owner_of
from serve_app.config import ApiConfig, StorageQuotas
from tests.serve_app.api import HEADERS, OTHER_KEY, SOCKET, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeUsage

SMALL = {"prompt": "x", "num_inference_steps": 1, "width": 64, "height": 64}
PIXELS_BYTES = 64 * 64 * 3


@pytest.fixture
def quota_bytes() -> int:
    return PIXELS_BYTES + 10


@pytest.fixture
def api(fakes: FakeServices, quota_bytes: int) -> Api:
    quotas = StorageQuotas(max_bytes_per_key=quota_bytes)
    return build_api(fakes, ApiConfig(rates=Api.GENEROUS, storage_quotas=quotas))


def fill(client: TestClient, fakes: FakeServices, quota_bytes: int) -> str:
    """Store until nothing more fits; the path of the first upload."""
    first = client.post("/api/v1/images", content=PNG)
    assert first.status_code == 200
    (owner,) = fakes.usage.used
    fakes.usage.used[owner]["uploads/more.png"] = quota_bytes - fakes.usage.used_bytes(owner)
    return str(first.json()["image_path"])


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/generate", SMALL),
        ("/generate/batch", {**SMALL, "prompts": ["x"]}),
        ("/export/jsonl", {"dataset_dir": "/data/generated/n", "output_file": "/data/exports/n"}),
        ("/anonymize", {"image_path": "/data/generated/n/a.png"}),
        ("/profiles", {"name": "new", "source_dir": "/data/generated/n"}),
    ],
)
def test_past_the_quota_nothing_is_run(
    client: TestClient, fakes: FakeServices, quota_bytes: int, route: str, body: dict[str, object]
) -> None:
    fakes.files.contents["generated/n/a.png"] = PNG
    fill(client, fakes, quota_bytes)
    before = dict(fakes.files.contents)
    wanted = {k: v for k, v in body.items() if not (k == "prompt" and "prompts" in body)}
    answer = client.post(f"/api/v1{route}", json=wanted)
    assert answer.status_code == 507, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INSUFFICIENT_STORAGE"
    assert error["details"]["limit"] == "quota"
    assert fakes.files.contents == before
    assert fakes.generation.started == []
    assert fakes.profiles.requests == []


def test_reads_go_on_and_a_delete_makes_room(
    client: TestClient, fakes: FakeServices, quota_bytes: int
) -> None:
    stored = fill(client, fakes, quota_bytes)
    assert client.post("/api/v1/images", content=PNG).status_code == 507
    assert client.get("/api/v1/images", params={"path": stored}).content == PNG
    assert client.get("/api/v1/datasets").status_code == 200
    assert client.delete("/api/v1/images", params={"path": stored}).status_code == 200
    assert client.post("/api/v1/images", content=PNG).status_code == 200


def test_a_socket_is_told_so_and_lives_on(
    client: TestClient, fakes: FakeServices, quota_bytes: int
) -> None:
    fill(client, fakes, quota_bytes)
    with client.websocket_connect(SOCKET) as socket:
        socket.send_text(json.dumps({"type": "generate", **SMALL}))
        refused = json.loads(socket.receive_text())
        assert refused["type"] == "error"
        assert refused["error"]["code"] == "INSUFFICIENT_STORAGE"
        fakes.usage.used.clear()
        socket.send_text(json.dumps({"type": "generate", **SMALL}))
        assert json.loads(socket.receive_text())["type"] == "progress"


def test_another_key_has_a_quota_of_its_own(
    client: TestClient, fakes: FakeServices, quota_bytes: int
) -> None:
    fill(client, fakes, quota_bytes)
    other = {"X-API-Key": OTHER_KEY}
    assert client.post("/api/v1/images", content=PNG, headers=other).status_code == 200


def test_what_is_generated_counts(client: TestClient, fakes: FakeServices) -> None:
    assert client.post("/api/v1/generate", json=SMALL).status_code == 200
    (used,) = (fakes.usage.used_bytes(owner) for owner in fakes.usage.used)
    assert used == len(PNG)
    assert all(held == 0 for held in fakes.usage.held.values())


def test_without_a_quota_nothing_is_counted(fakes: FakeServices) -> None:
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS) as client:
        assert client.post("/api/v1/images", content=PNG).status_code == 200
    assert fakes.usage.used == {}


async def test_the_keys_of_a_space_share_its_quota() -> None:
    usage = FakeUsage()
    quota = StorageQuota(usage, 10)
    first = Caller("a", "hash-a", space="vision")
    second = Caller("b", "hash-b", space="vision")
    async with quota.room(first, 8) as room:
        room.add("x", 8)
    with pytest.raises(InsufficientStorage):
        async with quota.room(second, 3):
            raise AssertionError("it has no room")
    assert owner_of(first) == owner_of(second) == ("space", "vision")


async def test_a_keys_own_quota_goes_before_the_services() -> None:
    usage = FakeUsage()
    quota = StorageQuota(usage, 10)
    async with quota.room(Caller("big", "h", max_stored_bytes=1000), 500):
        pass
    with pytest.raises(InsufficientStorage):
        async with quota.room(Caller("none", "h2", max_stored_bytes=0), 1):
            raise AssertionError("it has no room")


async def test_what_was_stored_counts_although_the_call_failed_later() -> None:
    async def fail(quota: StorageQuota) -> None:
        async with quota.room(Caller("a", "h"), 5) as room:
            room.add("x", 5)
            raise ValueError("later")

    usage = FakeUsage()
    with pytest.raises(ValueError, match="later"):
        await fail(StorageQuota(usage, 10))
    assert usage.used_bytes(("key", "a")) == 5
    assert usage.held == {("key", "a"): 0}
