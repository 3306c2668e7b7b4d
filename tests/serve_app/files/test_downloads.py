"""Downloads over the routes: parts, versions, caps, where else they are; and deleting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from engines.errors import NotFound
from serve_app.config import ApiConfig, DownloadLimits
from serve_app.files.downloads import Window
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG

EXPORT = "exports/set.jsonl"
CONTENT = bytes(range(256))
IMAGE = "generated/nature/a.png"


@pytest.fixture
def fakes() -> FakeServices:
    fakes = FakeServices()
    fakes.files.contents.update({EXPORT: CONTENT, IMAGE: PNG, "generated/nature/a.json": b"{}"})
    return fakes


def path(key: str = EXPORT, **more: str) -> dict[str, str]:
    return {"path": f"/data/{key}", **more}


def test_a_part_of_a_file(client: TestClient) -> None:
    answer = client.get("/api/v1/exports", params=path(), headers={"Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[10:20]
    assert answer.headers["Content-Range"] == "bytes 10-19/256"
    assert answer.headers["Content-Length"] == "10"


def test_a_download_is_resumed_where_it_broke(client: TestClient) -> None:
    whole = client.get("/api/v1/exports", params=path())
    assert whole.headers["Accept-Ranges"] == "bytes"
    rest = client.get(
        "/api/v1/exports",
        params=path(),
        headers={"Range": "bytes=100-", "If-Range": whole.headers["ETag"]},
    )
    assert whole.content[:100] + rest.content == CONTENT


def test_a_part_outside_is_416_in_the_envelope(client: TestClient) -> None:
    answer = client.get("/api/v1/exports", params=path(), headers={"Range": "bytes=999-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */256"
    assert answer.json()["error"]["code"] == "INVALID_PARAMETERS"


def test_what_the_client_has_is_not_sent_again(client: TestClient, fakes: FakeServices) -> None:
    first = client.get("/api/v1/images", params=path(IMAGE))
    for header, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = client.get("/api/v1/images", params=path(IMAGE), headers={header: value})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert fakes.files.open_reads == 0


def test_head_tells_the_size_and_sends_nothing(client: TestClient) -> None:
    answer = client.head("/api/v1/exports", params=path())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == "256"
    assert client.head("/api/v1/images", params=path("uploads/absent.png")).status_code == 404


def test_a_bucket_serves_its_files_itself(client: TestClient, fakes: FakeServices) -> None:
    fakes.files.presigned = "https://s3.example/bucket"
    answer = client.get("/api/v1/exports", params=path(redirect="true"), follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"https://s3.example/bucket/{EXPORT}?expires=300"
    assert "no-store" in answer.headers["Cache-Control"]
    absent = client.get("/api/v1/exports", params=path("exports/absent", redirect="true"))
    assert absent.status_code == 404


def test_a_folder_says_that_it_has_no_urls(client: TestClient) -> None:
    answer = client.get("/api/v1/exports", params=path(redirect="true"), follow_redirects=False)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "redirect"


class TestCaps:
    @pytest.fixture
    def limits(self) -> DownloadLimits:
        return DownloadLimits(max_per_key=2, max_total=3)

    @pytest.fixture
    def api(self, fakes: FakeServices, limits: DownloadLimits) -> Api:
        return build_api(fakes, ApiConfig(rates=Api.GENEROUS, downloads=limits))

    @pytest.fixture
    def holding(self, api: Api) -> Iterator[None]:
        """Two downloads of another key, and one of ours, are under way."""
        quota = api.app.state.context.download_quota
        with quota.hold("another", 2):
            yield

    def test_a_key_has_so_many_downloads_at_once(self, api: Api, client: TestClient) -> None:
        quota = api.app.state.context.download_quota
        ours = client.app.state.context.download_quota  # type: ignore[attr-defined]
        assert ours is quota
        for _ in range(5):  # one after another is fine: each gives back
            assert client.get("/api/v1/exports", params=path()).status_code == 200
        assert quota.total == 0

    @pytest.mark.usefixtures("holding")
    def test_all_keys_together_have_a_cap(self, api: Api, client: TestClient) -> None:
        quota = api.app.state.context.download_quota
        with quota.hold("a third"):
            answer = client.get("/api/v1/exports", params=path())
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "OVERLOADED"
        assert answer.headers["Retry-After"]
        assert client.get("/api/v1/exports", params=path()).status_code == 200
        assert quota.total == 2


def test_a_refused_download_closes_its_file(fakes: FakeServices) -> None:
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS, downloads=DownloadLimits(max_total=1)))
    with (
        TestClient(api.app, headers=HEADERS) as client,
        api.app.state.context.download_quota.hold("another"),
    ):
        assert client.get("/api/v1/exports", params=path()).status_code == 503
    assert fakes.files.open_reads == 0


async def test_a_window_lets_through_what_was_taken() -> None:
    events: list[str] = []
    window = Window(10)

    async def send() -> None:
        for size in (8, 8, 8):
            await window.take(size)
            events.append("sent")

    task = asyncio.create_task(send())
    for _ in range(5):
        await asyncio.sleep(0)
    events.append("waits")
    window.give_back(8)
    await task
    assert events == ["sent", "sent", "waits", "sent"]


class TestDeleting:
    def test_an_image_goes_with_what_lies_beside_it(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        answer = client.delete("/api/v1/images", params=path(IMAGE))
        assert answer.json() == {"status": "success", "name": f"/data/{IMAGE}"}
        assert not any(key.startswith("generated/nature/") for key in fakes.files.contents)
        assert client.delete("/api/v1/images", params=path(IMAGE)).status_code == 404

    def test_only_an_image_is_deleted_as_one(self, client: TestClient, fakes: FakeServices) -> None:
        for key in ("generated/nature/a.json", EXPORT, "profiles/x.png", "generated/../x.png"):
            assert client.delete("/api/v1/images", params=path(key)).status_code == 400
        assert EXPORT in fakes.files.contents

    def test_an_export_is_a_file_or_a_folder(self, client: TestClient, fakes: FakeServices) -> None:
        fakes.files.contents.update(dict.fromkeys(("exports/s/1.tar", "exports/s/2.tar"), b"x"))
        for key in (EXPORT, "exports/s"):
            assert client.delete("/api/v1/exports", params=path(key)).status_code == 200
        assert not any(key.startswith("exports/") for key in fakes.files.contents)
        assert client.delete("/api/v1/exports", params=path(EXPORT)).status_code == 404

    def test_an_export_that_is_being_written_stays(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.files.busy.add(EXPORT)
        assert client.delete("/api/v1/exports", params=path()).status_code == 409
        assert EXPORT in fakes.files.contents

    async def test_the_area_itself_is_no_export(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        for each in ("/data/exports", "/data/exports/", "/data/exports/.locks"):
            assert client.delete("/api/v1/exports", params={"path": each}).status_code == 400
        with pytest.raises(NotFound):
            await fakes.files.stat("exports")


def test_the_path_of_an_export_with_splits_tells_where_its_files_are(
    client: TestClient, fakes: FakeServices
) -> None:
    splits = "exports/p-test.parquet", "exports/p-train.parquet"
    fakes.files.contents.update(dict.fromkeys(splits, CONTENT))
    fakes.files.exported["exports/p.parquet"] = splits
    for answer in (
        client.get("/api/v1/exports", params=path("exports/p.parquet")),
        client.post("/api/v1/exports/ticket", params=path("exports/p.parquet")),
    ):
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert error["message"] == (
            "Export not found: /data/exports/p.parquet: this export has a file for each split: "
            "/data/exports/p-test.parquet, /data/exports/p-train.parquet"
        )
        assert error["details"]["name"] == "/data/exports/p.parquet"
        for file in error["details"]["files"]:
            assert client.get("/api/v1/exports", params={"path": file}).content == CONTENT


def test_an_export_without_splits_that_is_gone_is_simply_not_there(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.files.exported["exports/p.parquet"] = ("exports/p.parquet",)
    answer = client.get("/api/v1/exports", params=path("exports/p.parquet"))
    assert answer.json()["error"]["message"] == "Export not found: /data/exports/p.parquet"
