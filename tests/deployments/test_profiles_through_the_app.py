"""Profiles end to end: the production application over the replicas' own classes, a real folder,
and pictures over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from deployments.adapters.files import StoredFiles
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.validators import PrivacyWiring
from engines.datasets.export_config import ExportConfig
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig
from engines.profiles.config import ProfilesConfig
from engines.types import AllowedBuckets
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig
from serve_app.services import Services
from tests.engines.datasets.s3.s3_server import ClientFactory, FaultyS3
from tests.serve_app.api import HEADERS, KEY, Api
from tests.serve_app.fake_services import FakeServices

REFERENCES = "profiles/stream_real.json"


class Stage:
    """One data root, and the application over it as a restart would make it."""

    def __init__(self, root: Path, s3_endpoint_url: str | None = None) -> None:
        data = DataRoot(str(root), s3_endpoint_url)
        self.files = FileWiring(data, ImageLimits())
        self.storage = data.storage()

    def client(
        self, buckets: tuple[str, ...] = (), privacy: PrivacyReplica | None = None
    ) -> TestClient:
        config = ApiConfig(rates=Api.GENEROUS)
        return TestClient(
            create_app(
                self._services(buckets, privacy),
                config,
                ApiKeys([KEY]),
                MemoryRateLimiter(config.rates),
            ),
            headers=HEADERS,
        )

    def _services(self, buckets: tuple[str, ...], privacy: PrivacyReplica | None) -> Services:
        rest = FakeServices().services()
        listed = AllowedBuckets("INFERLOOP_S3_SOURCE_BUCKETS", frozenset(buckets))
        files = replace(self.files, source_buckets=listed)
        return replace(
            rest,
            profiles=ProfilesReplica(ProfilesWiring(ProfilesConfig(), files)),
            exporter=ExporterReplica(ExportWiring(ExportConfig(), self.files)),
            files=StoredFiles(self.storage, ImageLimits()),
            privacy=privacy or rest.privacy,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "root")


def picture(seed: int) -> Image.Image:
    """Smooth blobs: a hash that is telling, and survives compression."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def upload(client: TestClient, content: bytes, folder: str) -> str:
    answer = client.post("/api/v1/images", params={"folder": folder}, content=content)
    assert answer.status_code == 200, answer.text
    path: str = answer.json()["image_path"]
    return path


def make_profile(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/profiles", json={"name": "real", **body})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.slow
def test_a_copy_of_a_real_image_is_found_by_the_hashes_of_a_profile(stage: Stage) -> None:
    with stage.client() as client:
        folder = upload(client, encoded(picture(1)), "real").rpartition("/")[0]
        upload(client, encoded(picture(2)), "real")
        made = make_profile(client, source_dir=folder, keep_hashes=True)
        assert (made["sample_count"], made["kept_hashes"]) == (2, 2)
        assert client.get("/api/v1/profiles/real").json()["kept_hashes"] == 2
        copy = picture(2).resize((64, 64)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        copied = upload(client, encoded(copy, "JPEG", quality=70), "suspects")
        fresh = upload(client, encoded(picture(3)), "suspects")
    config = PrivacyConfig.model_validate({"memorization": {"reference_profile": REFERENCES}})
    privacy = PrivacyReplica(PrivacyWiring(config, stage.files))
    with stage.client(privacy=privacy) as client:
        verdicts = {
            path: client.post(
                "/api/v1/validate/privacy", json={"image_path": path, "check_text": False}
            ).json()
            for path in (copied, fresh)
        }
    assert "near_duplicate" in {issue["type"] for issue in verdicts[copied]["issues"]}
    assert verdicts[copied]["passed"] is False
    assert "near_duplicate" not in {issue["type"] for issue in verdicts[fresh]["issues"]}


def test_a_profile_holds_hashes_only_where_they_were_asked_for(stage: Stage) -> None:
    with stage.client() as client:
        folder = upload(client, encoded(picture(1)), "real").rpartition("/")[0]
        assert "kept_hashes" not in make_profile(client, source_dir=folder)
        body = {"name": "real", "source_dir": folder, "update": True, "keep_hashes": True}
        answer = client.post("/api/v1/profiles", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "keep_hashes"
        assert b"hashes" not in stage.storage.read(REFERENCES)


def test_a_comparison_is_drawn(stage: Stage) -> None:
    with stage.client() as client:
        folder = upload(client, encoded(picture(1)), "real").rpartition("/")[0]
        make_profile(client, source_dir=folder)
        path = "/api/v1/profiles/real/compare"
        said = client.get(path, params={"profile": "sample_photos"}).json()
        drawn = client.get(f"{path}/plot", params={"profile": "sample_photos"})
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        texts = [node.text or "" for node in ElementTree.fromstring(drawn.text).iter()]
        assert f"Conformance {said['conformance']:.1f} of 100" in texts
        same = client.get(f"{path}/plot", params={"dataset": folder})
        assert "Conformance 100.0 of 100" in same.text
        for query in ({"profile": "none"}, {"dataset": "none"}):
            assert client.get(f"{path}/plot", params=query).status_code == 404


@pytest.fixture
def s3_server() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


def test_a_profile_of_a_bucket(
    tmp_path: Path, s3_server: FaultyS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    endpoint = f"http://127.0.0.1:{s3_server.port}"
    s3 = ClientFactory(endpoint)(2)
    s3.create_bucket(Bucket="photos")
    for seed in range(3):
        s3.put_object(Bucket="photos", Key=f"summer/{seed}.png", Body=encoded(picture(seed)))
    stage = Stage(tmp_path / "root", endpoint)
    with stage.client(("photos", "no-such-bucket")) as client:
        made = make_profile(client, source_url="s3://photos/summer")
        assert made["sample_count"] == 3
        assert made["path"].endswith(REFERENCES)
        for url, status, code in (
            ("s3://photos/winter", 404, "NOT_FOUND"),
            ("s3://no-such-bucket/x", 404, "NOT_FOUND"),
            ("s3://of-others/x", 403, "FORBIDDEN"),
        ):
            answer = client.post("/api/v1/profiles", json={"name": "x", "source_url": url})
            assert answer.status_code == status, answer.text
            assert answer.json()["error"]["code"] == code
            assert "very-secret" not in answer.text


@pytest.mark.slow
def test_a_dataset_is_held_against_the_features_of_a_profile(stage: Stage) -> None:
    with stage.client() as client:
        folder = upload(client, encoded(picture(1)), "real").rpartition("/")[0]
        upload(client, encoded(picture(2)), "real")
        assert make_profile(client, source_dir=folder, keep_features=True)["kept_features"] == 2
    stage.storage.put_new("generated/mine/copy.png", encoded(picture(2)))
    library = ExportWiring(ExportConfig(), stage.files).engines().get(None)
    found = library.evidence.report("mine", profile="real").comparison
    assert found is not None
    assert found.evidence is not None
    assert (found.evidence.images, found.evidence.taken_count) == (2, 1)
