"""A real S3 server, Ceph RGW, on loopback: mon, one osd with its data in memory, and radosgw.

Debian: `apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common`, then
`python -m pytest tests/s3_real -m s3_real`. Needs about 600 MB of memory and half a minute.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.storage.s3.storage import S3Storage
from local_ray.running import free_port

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool", "ceph-authtool")
ACCESS_KEY, SECRET_KEY = "RGWTESTKEY", "rgw-test-secret"


class CephCluster:
    """The smallest Ceph cluster with S3. All its processes are started here and end with the
    tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._conf = folder / "ceph.conf"
        self._mon_address = f"127.0.0.1:{free_port()}"
        self._keyring = folder / "keyring"

    def start(self) -> None:
        self._conf.write_text(self._configuration())
        self._make_keyring()
        fsid = str(uuid.uuid4())
        monmap = self.folder / "monmap"
        address = f"[v1:{self._mon_address}]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(monmap))
        with self._conf.open("a") as conf:
            conf.write(f"fsid = {fsid}\n")
        mkfs = ("--mkfs", "-i", "a", "--monmap", str(monmap), "--keyring", str(self._keyring))
        self._run("ceph-mon", *self._common(), *mkfs)
        self._spawn("ceph-mon", *self._common(), "-i", "a", "-f")
        self._run("ceph", *self._common(), "osd", "new", osd_id := str(uuid.uuid4()))
        osd = ("-i", "0", "--osd-uuid", osd_id)
        self._run("ceph-osd", *self._common(), *osd, "--mkfs")
        self._spawn("ceph-osd", *self._common(), "-i", "0", "-f")
        user = ("user", "create", "--uid", "test", "--display-name", "test")
        keys = ("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY)
        self._run("radosgw-admin", *self._common(), *user, *keys)
        self._spawn("radosgw", *self._common(), "-n", "client.admin", "-f")
        self._wait()

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()

    def _configuration(self) -> str:
        settings = {
            "mon host": f"[v1:{self._mon_address}]",
            "auth cluster required": "cephx",
            "auth service required": "cephx",
            "auth client required": "cephx",
            "keyring": str(self._keyring),
            "mon data": str(self.folder / "mon"),
            "osd data": str(self.folder / "osd"),
            "run dir": str(self.folder),
            "admin socket": str(self.folder / "$name.$pid.asok"),
            "log file": str(self.folder / "$name.log"),
            "pid file": "",
            "osd objectstore": "memstore",
            "memstore device bytes": str(2 * 2**30),
            "osd pool default size": "1",
            "osd pool default min size": "1",
            "osd pool default pg num": "4",
            "osd pool default pg autoscale mode": "off",
            "osd crush chooseleaf type": "0",
            "mon max pg per osd": "1000",
            "mon allow pool size one": "true",
            "mon data avail crit": "1",
            "ms bind ipv6": "false",
            "ms bind msgr2": "false",
            "rgw frontends": f"beast endpoint=127.0.0.1:{self.port}",
            "rgw data": str(self.folder / "rgw"),
            "rgw crypt require ssl": "false",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        osd = ["[osd]", "public addr = 127.0.0.1", "cluster addr = 127.0.0.1"]
        return "\n".join([*osd, "[global]", *lines, ""])

    def _make_keyring(self) -> None:
        for folder in ("mon", "osd", "rgw"):
            (self.folder / folder).mkdir()
        new = ("ceph-authtool", str(self._keyring), "--gen-key")
        self._run(*new, "--create-keyring", "-n", "mon.", "--cap", "mon", "allow *")
        caps = [word for name in ("mon", "osd", "mgr") for word in ("--cap", name, "allow *")]
        for entity in ("client.admin", "osd.0"):
            self._run(*new, "-n", entity, *caps)

    def _common(self) -> tuple[str, ...]:
        return ("-c", str(self._conf))

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode()[-500:]}")

    def _spawn(self, *command: str) -> None:
        log = (self.folder / f"{command[0]}.out").open("wb")
        with log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))

    def _wait(self) -> None:
        client = client_of(f"http://127.0.0.1:{self.port}")
        for _ in range(120):
            try:
                client.list_buckets()
            except (BotoCoreError, ClientError):
                time.sleep(0.5)
            else:
                return
        raise RuntimeError("radosgw did not answer within a minute")


def client_of(endpoint_url: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
    )


@pytest.fixture(scope="session")
def rgw_endpoint_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"Ceph RGW is not installed: {', '.join(missing)} not found")
    cluster = CephCluster(tmp_path_factory.mktemp("ceph"))
    try:
        cluster.start()
        yield f"http://127.0.0.1:{cluster.port}"
    finally:
        cluster.stop()


@pytest.fixture
def s3(rgw_endpoint_url: str) -> S3Client:
    return client_of(rgw_endpoint_url)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"real-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def storage(s3: S3Client, bucket: str) -> Storage:
    return S3Storage(s3, bucket, "some/prefix")
