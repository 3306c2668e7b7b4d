"""Uploads by obstore that fail: retried, told in the server's own word, and never lost."""

from __future__ import annotations

import hashlib
import logging
import threading

import orjson
import pytest
from botocore.exceptions import ConnectionClosedError

from engines.datasets.export_config import S3ExportConfig
from engines.datasets.s3.bucket import RemoteBucket
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.outage import Outage
from engines.datasets.s3.sending import Sender, Sent, WholeObject
from engines.errors import Forbidden, InferloopError, InvalidParameters, NotFound
from engines.storage.s3.client import S3Client
from engines.types import ExportProgress, S3ExportRequest
from tests.engines.datasets.conftest import NATURE
from tests.engines.datasets.s3.s3_server import (
    ANYBODY,
    OBSTORE,
    ClientFactory,
    CuttingProxy,
    Fault,
    FaultyS3,
    PausingProxy,
    check_bucket,
    objects,
)
from tests.engines.datasets.s3.test_s3_by_obstore import CARDS, IMAGES, SIDECARS

pytestmark = pytest.mark.slow


def test_passing_faults_are_retried_by_obstore_itself(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    slow = Fault("image_0003.png", 503, "SlowDown", OBSTORE, times=1)
    broken = Fault("image_0007.json", 500, "InternalError", OBSTORE, times=2)
    server.faults += [slow, broken]
    obstore_factory.max_attempts = 3
    report = obstore_exporter.export(obstore_request)
    assert report.status == "success"
    assert server.puts == {OBSTORE: IMAGES + SIDECARS + CARDS + 3}
    check_bucket(report, s3, bucket)


@pytest.mark.parametrize(
    ("status", "code", "expected", "words"),
    [
        (403, "AccessDenied", Forbidden, "denied"),
        (403, "InvalidAccessKeyId", Forbidden, "credentials were refused"),
        (404, "NoSuchBucket", NotFound, "Bucket not found"),
        (400, "AuthorizationHeaderMalformed", InvalidParameters, "region"),
        (301, "PermanentRedirect", InvalidParameters, "region"),
    ],
)
def test_what_refuses_the_first_file_refuses_all(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    obstore_request: S3ExportRequest,
    status: int,
    code: str,
    expected: type[InferloopError],
    words: str,
) -> None:
    server.faults.append(Fault("images/", status, code))
    with pytest.raises(expected, match=words) as caught:
        obstore_exporter.export(obstore_request)
    assert server.puts == {OBSTORE: 1}
    assert "bob" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")]
)
def test_lasting_faults_of_some_files_have_the_servers_reasons_and_a_rerun_completes(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
    status: int,
    code: str,
) -> None:
    obstore_factory.max_attempts = 1
    server.faults += [
        Fault("image_0003.png", status, code, ANYBODY),
        Fault("image_0005.png.quality.json", status, code, ANYBODY),
    ]
    report = obstore_exporter.export(obstore_request)
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 8, 2)
    assert {(f.key, f.reason) for f in report.failures} == {(nature[3], code), (nature[5], code)}
    check_bucket(report, s3, bucket)
    server.faults.clear()
    again = obstore_exporter.export(obstore_request)
    assert (again.status, again.uploaded_count, again.skipped_count) == ("success", IMAGES, 8)
    check_bucket(again, s3, bucket)


def test_a_wrong_checksum_is_looked_at_before_it_fails_the_file(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    server.faults += [
        Fault("image_0002.png", etag="0" * 32),  # the answer alone is wrong: the object is there
        Fault("image_0004.png", etag="0" * 32, methods=("PUT", "HEAD")),
    ]
    report = obstore_exporter.export(obstore_request)
    assert (report.status, report.failed_count) == ("partial", 1)
    assert report.failures[0].key == nature[4]
    assert "checksum" in report.failures[0].reason
    manifest = orjson.loads(objects(s3, bucket)["v1/manifest.json"])
    named = {entry["key"] for entry in manifest["files"]}
    assert "images/image_0004.png" not in named
    assert "images/image_0002.png" in named


def test_an_answer_that_is_lost_is_no_failure(
    server: FaultyS3,
    obstore_factory: ClientFactory,
    s3: S3Client,
    bucket: str,
) -> None:
    """The object is stored, the connection breaks before anybody hears of it."""

    class Deaf:
        def __init__(self, sender: Sender) -> None:
            self._sender = sender

        def send(self, whole: WholeObject) -> Sent:
            self._sender.send(whole)
            raise ConnectionClosedError(endpoint_url=obstore_factory.endpoint_url)

    client, request = obstore_factory(2), S3ExportRequest(NATURE, bucket, "v1")
    sender = Deaf(obstore_factory.obstore(client, request))
    outage = Outage(30.0, clock=lambda: 0.0, sleep=lambda seconds: None)
    remote = RemoteBucket(client, request, S3ExportConfig(), sender, outage)
    server.puts.clear()
    etag = remote.put("a.json", b"{}", hashlib.sha256(b"{}").hexdigest())
    assert etag == hashlib.md5(b"{}", usedforsecurity=False).hexdigest()
    assert server.puts == {OBSTORE: 1}


def test_a_server_that_goes_away_for_a_while_is_waited_for(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    proxy = PausingProxy(("127.0.0.1", server.port))
    obstore_factory.endpoint_url = f"http://127.0.0.1:{proxy.address[1]}"
    obstore_factory.max_attempts = 1
    back = threading.Timer(1.0, proxy.come_back)

    def leave_in_the_middle(progress: ExportProgress) -> None:
        if progress.done == 1:
            proxy.go_away()
            back.start()

    report = obstore_exporter.export(obstore_request, leave_in_the_middle)
    back.join()
    proxy.go_away()
    assert (report.status, report.uploaded_count) == ("success", IMAGES)
    check_bucket(report, s3, bucket)


def test_an_export_that_begins_while_the_server_is_away_waits_for_it(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    proxy = PausingProxy(("127.0.0.1", server.port))
    obstore_factory.endpoint_url = f"http://127.0.0.1:{proxy.address[1]}"
    obstore_factory.max_attempts = 1
    proxy.go_away()
    back = threading.Timer(0.5, proxy.come_back)
    back.start()
    report = obstore_exporter.export(obstore_request)
    back.join()
    proxy.go_away()
    assert (report.status, report.uploaded_count) == ("success", IMAGES)
    check_bucket(report, s3, bucket)


def test_a_server_that_stays_away_is_given_up_by_all_threads_together() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    outage = Outage(30.0, clock=lambda: now[0], sleep=sleep)
    tries = 0
    while outage.wait(tries):
        tries += 1
    assert now[0] == 30.0
    assert not outage.wait(0)  # another object does not wait again
    outage.over()
    assert outage.wait(0)


def test_cut_connections_lose_nothing(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    s3: S3Client,
    server: FaultyS3,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    proxy = CuttingProxy(("127.0.0.1", server.port), every=2, after=6_000)
    direct, obstore_factory.endpoint_url = (
        obstore_factory.endpoint_url,
        f"http://127.0.0.1:{proxy.address[1]}",
    )
    obstore_factory.max_attempts = 3
    report = obstore_exporter.export(obstore_request)
    proxy.close()
    assert proxy.cuts > 0
    assert report.uploaded_count + report.failed_count >= IMAGES
    obstore_factory.endpoint_url = direct
    assert obstore_exporter.export(obstore_request).status == "success"
    check_bucket(obstore_exporter.export(obstore_request), s3, bucket)


def test_no_credential_is_logged(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    obstore_request: S3ExportRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "engines")
    server.faults.append(Fault("image_0003.png", 403, "AccessDenied"))
    report = obstore_exporter.export(obstore_request)
    said = " ".join([*(repr(record.__dict__) for record in caplog.records), repr(report)])
    for secret in ("very-secret", "AKIDEXAMPLE", "bob"):
        assert secret not in said
