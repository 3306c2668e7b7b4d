"""Packaged, odd and broken pictures through the whole road, with data root and export on Ceph."""

from __future__ import annotations

import site
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.sweep.__main__ import run, wiring_of
from engines.storage.s3.client import S3Client
from engines.types import AllowedBuckets
from tests.s3_real.conftest import ACCESS_KEY, SECRET_KEY

pytestmark = [pytest.mark.s3_real, pytest.mark.timeout(300)]
FILES = 60


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def test_what_an_upload_takes_comes_out_of_every_export_and_the_rest_is_named(
    rgw_endpoint_url: str, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    out = f"{bucket}-out"
    s3.create_bucket(Bucket=out)
    listed = AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS", frozenset({out}))
    wiring = replace(wiring_of(tmp_path, rgw_endpoint_url, bucket), export_buckets=listed)
    folders = [Path(each) for each in site.getsitepackages()]
    sweep = run(wiring, tmp_path, FILES, folders, out)
    assert sweep.faults == []
    assert sweep.counts["taken"] > FILES // 3
    assert sweep.counts["refused"] > FILES // 10
