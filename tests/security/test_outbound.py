"""S6: the service reaches only the buckets that its operator lists, and never its own."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError
from starlette.testclient import TestClient

from deployments.adapters.files import StoredFiles
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from engines.datasets.export_config import ExportConfig
from engines.errors import Forbidden, InvalidParameters
from engines.images import ImageLimits
from engines.profiles.config import ProfilesConfig
from engines.sandbox import SandboxLimits
from engines.storage.opening import open_storage
from engines.types import AllowedBuckets, S3ExportRequest, S3Folder
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig
from tests.engines.datasets.s3.s3_server import ClientFactory, FaultyS3, objects
from tests.serve_app.api import HEADERS, KEY, Api
from tests.serve_app.fake_services import FakeServices

OTHER_SPELLINGS = [
    "My-Bucket",
    "my-bucket.",
    ".my-bucket",
    "my..bucket",
    "my-bucket-",
    "my_bucket",
    "my-bucket\n",
    "my-bucket/other",
    "my-bucket?x",
    "mÿ-bucket",
    "my%2dbucket",
    "me",
    "m" * 64,
    "169.254.169.254",
    "xn--bucket",
    "arn:aws:s3:us-east-1:123456789012:accesspoint/root",
    "tenant:my-bucket",
    "root-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias",
    "root-4d53m5--ol-s3",
    "mfzwi23gnjvgw.mrap",
    "",
]

LEADS_ELSEWHERE = [
    "..",
    "../other",
    "a/../b",
    "a/..",
    "a/./b",
    ".",
    "a//b",
    "//",
    "//a",
    "a//",
    "a/%2e%2e/b",
    "a/%252E%252e",
    "a/.%2e/b",
    "a%2f..%2fb",
    "a/ ../b",
    "a/.. /b",
    "a/.../b",
    "a\\b",
    "a/%5c../b",
    "a\nb",
    "a\x00b",
    "a\x7fb",
    "a\x85b",
    "a\u202eb",
    "a\u2028b",
    "a\ud800b",
]


@pytest.mark.parametrize("name", OTHER_SPELLINGS)
def test_only_the_plain_name_of_a_bucket_is_one(name: str) -> None:
    everything = AllowedBuckets.of("SETTING", "*", "s3://root/data")
    with pytest.raises(InvalidParameters, match="bucket_name"):
        everything.check(name)
    with pytest.raises(InvalidParameters, match="bucket_name"):
        S3ExportRequest("generated/a", name, "")
    with pytest.raises(InvalidParameters, match="source_url"):
        S3Folder(name)


@pytest.mark.parametrize("prefix", LEADS_ELSEWHERE)
def test_a_prefix_that_leads_elsewhere_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidParameters, match="s3_prefix"):
        S3ExportRequest("generated/a", "my-bucket", prefix)
    with pytest.raises(InvalidParameters, match="source_url"):
        S3Folder("my-bucket", prefix)
    with pytest.raises(InvalidParameters, match="data_root"):
        open_storage(f"s3://my-bucket/x{prefix}/y/../z")


@pytest.mark.parametrize(
    ("asked", "folder"),
    [
        ("", ""),
        ("/", ""),
        ("datasets/nature/v1", "datasets/nature/v1"),
        ("/a/b/", "a/b"),
        ("a/.hidden/v1.2..3", "a/.hidden/v1.2..3"),
        ("Ünï/图/50% off", "Ünï/图/50% off"),
    ],
)
def test_a_usual_prefix_is_taken(asked: str, folder: str) -> None:
    assert S3ExportRequest("generated/a", "my-bucket", asked).s3_prefix == folder
    assert S3Folder("my-bucket", asked).prefix == folder


@pytest.mark.parametrize("root", ["s3://own/data", "s3://own", "s3://OWN/data", "s3://own./data"])
@pytest.mark.parametrize("listed", ["*", "own", "own,*", "other, own"])
def test_the_bucket_of_the_data_root_is_never_open(root: str, listed: str) -> None:
    buckets = AllowedBuckets.of("SETTING", listed, root)
    with pytest.raises(Forbidden, match=r"data root.*SETTING"):
        buckets.check("own")


def test_the_list_is_closed_by_default() -> None:
    for listed in ("", " ", ",", " , "):
        with pytest.raises(Forbidden, match="SETTING"):
            AllowedBuckets.of("SETTING", listed, "/data").check("any-bucket")
    some = AllowedBuckets.of("SETTING", " one-bucket,two-bucket ,", "/data")
    some.check("one-bucket")
    some.check("two-bucket")
    with pytest.raises(Forbidden, match="SETTING"):
        some.check("one-bucket2")
    AllowedBuckets.of("SETTING", "*", "/data").check("any-bucket")


def test_a_list_that_holds_no_bucket_names_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("INFERLOOP_S3_EXPORT_BUCKETS", "INFERLOOP_S3_SOURCE_BUCKETS"):
        with monkeypatch.context() as environment:
            environment.setenv(name, "good-bucket, s3://bad")
            with pytest.raises(ValidationError, match=name):
                Settings()


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "green").save(buffer, "PNG")
    return buffer.getvalue()


class Service:
    """The production application over the replicas' own classes, wired from the environment."""

    def __init__(self, server: FaultyS3, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
        self.server = server
        endpoint = f"http://127.0.0.1:{server.port}"
        self.s3 = ClientFactory(endpoint)(2)
        aws = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very-secret"}
        ours = {f"INFERLOOP_{name}": value for name, value in variables.items()}
        region = {"AWS_DEFAULT_REGION": "us-east-1", "INFERLOOP_S3_ENDPOINT_URL": endpoint}
        for name, value in {**aws, **region, **ours}.items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        files = FileWiring.of(settings, DataRoot.of(settings), ImageLimits(), SandboxLimits())
        storage = files.data.storage()
        storage.replace("generated/nature_set/image_1.png", picture())
        services = replace(
            FakeServices().services(),
            exporter=ExporterReplica(ExportWiring(ExportConfig(), files)),
            profiles=ProfilesReplica(ProfilesWiring(ProfilesConfig(), files)),
            files=StoredFiles(storage, ImageLimits()),
        )
        api = ApiConfig(rates=Api.GENEROUS, data_root=settings.absolute_data_root())
        self.app = create_app(services, api, ApiKeys([KEY]), MemoryRateLimiter(api.rates))

    def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        with TestClient(self.app, headers=HEADERS) as client:
            answer = client.post(f"/api/v1{path}", json=body)
        return answer.status_code, answer.json()

    def export(self, bucket: str, prefix: str = "v1", **options: Any) -> tuple[int, dict[str, Any]]:
        return self.post(
            "/export/s3",
            dataset_dir="/data/generated/nature_set",
            bucket_name=bucket,
            s3_prefix=prefix,
            **options,
        )


@pytest.fixture
def bucket(server: FaultyS3) -> str:
    name = f"bucket-{uuid.uuid4().hex[:20]}"
    ClientFactory(f"http://127.0.0.1:{server.port}")(2).create_bucket(Bucket=name)
    server.requests.clear()
    return name


def test_the_example_of_the_reference_works_once_its_bucket_is_listed(
    server: FaultyS3, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = {"DATA_ROOT": str(tmp_path / "root")}
    status, body = Service(server, monkeypatch, **roots).export(bucket)
    assert (status, body["error"]["code"]) == (403, "FORBIDDEN")
    assert "INFERLOOP_S3_EXPORT_BUCKETS" in body["error"]["message"]
    assert not server.requests
    listed = Service(server, monkeypatch, **roots, S3_EXPORT_BUCKETS=f"other-one,{bucket}")
    status, body = listed.export(bucket, "datasets/nature/v1", public_read=False)
    assert (status, body["status"]) == (200, "success"), body
    assert body["manifest_url"] == f"s3://{bucket}/datasets/nature/v1/manifest.json"
    status, body = listed.export(bucket, public_read=True)
    assert (status, "allow_public_read" in body["error"]["message"]) == (403, True)


def test_an_unlisted_bucket_does_not_tell_whether_it_exists(
    server: FaultyS3, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = {"DATA_ROOT": str(tmp_path), "S3_EXPORT_BUCKETS": "no-such-bucket"}
    service = Service(server, monkeypatch, **roots, S3_SOURCE_BUCKETS="no-such-bucket")
    there, absent = service.export(bucket), service.export(f"{bucket}x")
    assert there[0] == absent[0] == 403
    assert str(there[1]).replace(bucket, "B") == str(absent[1]).replace(f"{bucket}x", "B")
    sources = [
        service.post("/profiles", name="p", source_url=f"s3://{name}/x")
        for name in (bucket, f"{bucket}x")
    ]
    assert [status for status, _ in sources] == [403, 403]
    assert "INFERLOOP_S3_SOURCE_BUCKETS" in sources[0][1]["error"]["message"]
    assert not server.requests
    assert service.export("no-such-bucket")[0] == 404
    status, _ = service.post("/profiles", name="p", source_url="s3://no-such-bucket/x")
    assert status == 404


def test_a_data_root_in_a_bucket_is_out_of_reach_for_exports_and_sources(
    server: FaultyS3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(
        server,
        monkeypatch,
        DATA_ROOT=f"s3://{bucket}/data/",
        S3_EXPORT_BUCKETS=f"*,{bucket}",
        S3_SOURCE_BUCKETS="*",
    )
    before = objects(service.s3, bucket)
    for prefix in ("", "data/generated/nature_set", "elsewhere"):
        status, body = service.export(bucket, prefix)
        assert (status, body["error"]["code"]) == (403, "FORBIDDEN")
    for spelling in (bucket.upper(), f"{bucket}.", f"{bucket}-s3alias"):
        assert service.export(spelling)[0] == 400
    status, _ = service.post("/profiles", name="p", source_url=f"s3://{bucket}/data/generated")
    assert status == 403
    assert objects(service.s3, bucket) == before


@pytest.mark.parametrize("prefix", ["a/../b", "..", "a/./b", "a//b", "a/%2e%2e/b", "a\\b", "a\x01"])
def test_a_prefix_that_leads_elsewhere_is_400_before_any_request(
    server: FaultyS3, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    roots = {"DATA_ROOT": str(tmp_path), "S3_EXPORT_BUCKETS": bucket, "S3_SOURCE_BUCKETS": bucket}
    service = Service(server, monkeypatch, **roots)
    status, body = service.export(bucket, prefix)
    assert (status, body["error"]["code"]) == (400, "INVALID_PARAMETERS")
    assert body["error"]["details"]["parameter"] == "s3_prefix"
    status, body = service.post("/profiles", name="p", source_url=f"s3://{bucket}/{prefix}")
    assert (status, body["error"]["details"]["parameter"]) == (400, "source_url")
    assert not server.requests
