"""A profile that is updated for ever: two writers at once, and a writer that dies in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import Conflict, StorageFailed
from engines.profiles import ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.types import ObjectStat, ProfileRequest

ROOT = Path(__file__).resolve().parents[3]


def update() -> ProfileRequest:
    """A request of its own each time."""
    return ProfileRequest("live", "uploads/live", update=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads" / "live"
    folder.mkdir(parents=True)
    for seed in range(2):
        pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    ProfileService(FolderStorage(tmp_path)).create(
        ProfileRequest("live", "uploads/live", keep_hashes=True)
    )
    return tmp_path


@pytest.mark.slow
def test_writers_at_once_lose_no_update_and_the_file_is_always_whole(root: Path) -> None:
    done: list[int] = []
    refused: list[int] = []
    read: list[int] = []
    start = threading.Barrier(5)

    def write(number: int) -> None:
        service = ProfileService(FolderStorage(root))
        start.wait()
        for _ in range(8):
            try:
                service.create(update())
                done.append(number)
            except Conflict:
                refused.append(number)

    def look() -> None:
        service = ProfileService(FolderStorage(root))
        start.wait()
        while len(done) + len(refused) < 32:
            read.append(service.get("live").sample_count)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    profile = ProfileService(FolderStorage(root)).get("live")
    assert done
    assert len(done) + len(refused) == 32
    assert profile.sample_count == 2 + 2 * len(done)
    assert profile.kept_hashes == profile.sample_count
    assert read == sorted(read)
    assert all(count % 2 == 0 for count in read)


class DyingStorage(FolderStorage):
    """The write fails half-way, as on a full disk."""

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        raise StorageFailed("No space left on device")


def test_an_update_that_cannot_be_written_leaves_the_old_profile(root: Path) -> None:
    before = (root / "profiles" / "stream_live.json").read_bytes()
    with pytest.raises(StorageFailed):
        ProfileService(DyingStorage(root)).create(update())
    assert (root / "profiles" / "stream_live.json").read_bytes() == before
    assert ProfileService(FolderStorage(root)).create(update()).sample_count == 4


FOREVER = """
import sys
from pathlib import Path
from engines.profiles import ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest
service = ProfileService(FolderStorage(Path(sys.argv[1])))
print("ready", flush=True)
while True:
    service.create(ProfileRequest("live", "uploads/live", update=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("wait_s", [0.05, 0.2, 0.3])
def test_a_writer_killed_at_any_moment_leaves_a_whole_profile(root: Path, wait_s: float) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", FOREVER, str(root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    time.sleep(wait_s)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    service = ProfileService(FolderStorage(root))
    left = service.get("live")
    assert left.sample_count % 2 == 0
    assert left.kept_hashes == left.sample_count
    assert [summary.name for summary in service.list()] == ["live"]
    assert service.create(update()).sample_count == left.sample_count + 2
