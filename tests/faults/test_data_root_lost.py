"""A data root that is deleted, or whose volume is not mounted: everything says so, nothing is made
in its place, and all goes on when it is back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.adapters.readiness import DATA_ROOT, HandleReadiness, WithGuards
from deployments.replicas.exporter import ExporterReplica
from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from engines.datasets.export_config import ExportConfig
from engines.errors import InferloopError, StorageAway
from engines.images import ImageLimits
from engines.profiles.config import ProfilesConfig
from engines.protocols import Storage
from engines.storage.folder.identity import RootIdentity
from engines.storage.folder.storage import FolderStorage
from engines.storage.opening import open_storage
from serve_app.errors import to_wire
from tests.deployments.replicas.test_ingress_parts import Handle, Method

ACTS: dict[str, Callable[[Storage], object]] = {
    "put_new": lambda storage: storage.put_new("uploads/b", b"b"),
    "replace": lambda storage: storage.replace("uploads/a", b"b"),
    "create": lambda storage: storage.create("uploads/a").__enter__(),
    "append": lambda storage: storage.append("uploads/a", b"b"),
    "read": lambda storage: storage.read("uploads/a"),
    "open": lambda storage: storage.open("uploads/a"),
    "stat": lambda storage: storage.stat("uploads/a"),
    "list": lambda storage: list(storage.list("uploads")),
    "list_refused": lambda storage: list(storage.list_refused("uploads")),
    "list_folders": lambda storage: list(storage.list_folders("")),
    "folder_version": lambda storage: storage.folder_version("uploads"),
    "delete": lambda storage: storage.delete("uploads/a"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def guarded(root: Path) -> Storage:
    storage = open_storage(str(root), guard=RootIdentity(str(root)).check)
    storage.put_new("uploads/a", b"a")
    return storage


def lose(root: Path) -> Callable[[], None]:
    """As if its volume were not mounted any more; returns what mounts it again."""
    away = root.with_name("away")
    root.rename(away)
    root.mkdir()  # the mount point

    def back() -> None:
        root.rmdir()
        away.rename(root)

    return back


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_read_or_written_while_it_is_gone(
    guarded: Storage, root: Path, act: str
) -> None:
    back = lose(root)
    with pytest.raises(StorageAway, match="mounted"):
        ACTS[act](guarded)
    assert list(root.iterdir()) == []
    back()
    assert guarded.read("uploads/a") == b"a"


def test_a_deleted_data_root_is_not_made_anew(guarded: Storage, root: Path) -> None:
    root.rename(root.with_name("away"))
    with pytest.raises(StorageAway):
        guarded.put_new("uploads/b", b"b")
    assert not root.exists()


def test_another_data_root_in_its_place_is_noticed(guarded: Storage, root: Path) -> None:
    lose(root)
    RootIdentity(str(root))
    with pytest.raises(StorageAway):
        guarded.read("uploads/a")


def test_a_copy_that_was_put_back_is_the_same_data_root(guarded: Storage, root: Path) -> None:
    identity = root / ".inferloop" / "root_id"
    word = identity.read_bytes()
    identity.unlink()
    identity.write_bytes(word)
    assert guarded.read("uploads/a") == b"a"


def test_several_processes_agree_on_an_empty_folder(root: Path) -> None:
    words: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: words.append(RootIdentity(str(root)).word))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(words)) == 1
    assert words[0]
    assert os.listdir(root / ".inferloop") == ["root_id"]


def test_a_replica_that_starts_meanwhile_begins_no_second_one(guarded: Storage, root: Path) -> None:
    word = RootIdentity(str(root)).word
    back = lose(root)
    later = RootIdentity(str(root), word)
    with pytest.raises(StorageAway):
        FolderStorage(root / ".spaces" / "acme", guard=later.check)
    assert list(root.iterdir()) == []
    back()
    later.check()


def test_a_folder_that_nobody_may_write_is_not_watched(tmp_path: Path) -> None:
    (tmp_path / ".inferloop").write_text("a file where the folder should be")
    RootIdentity(str(tmp_path)).check()


def test_its_clients_hear_503_and_may_come_back(guarded: Storage, root: Path) -> None:
    lose(root)
    with pytest.raises(StorageAway) as caught:
        guarded.read("uploads/a")
    wire = to_wire(caught.value)
    assert (wire.code, wire.status) == ("STORAGE_UNAVAILABLE", 503)
    assert wire.retry_after_s
    assert caught.value.retryable
    assert str(root) not in wire.message


@pytest.fixture
def readiness(guarded: Storage, root: Path) -> WithGuards:
    deployments = HandleReadiness({"quality": Handle(ready=Method(True))})
    return WithGuards(deployments, {DATA_ROOT: RootIdentity(str(root)).check})


async def test_readiness_names_it_until_it_is_back(readiness: WithGuards, root: Path) -> None:
    assert await readiness.not_ready() == []
    back = lose(root)
    assert await readiness.not_ready() == [DATA_ROOT]
    back()
    assert await readiness.not_ready() == []


async def test_a_file_server_that_hangs_is_not_waited_for() -> None:
    released, looks = threading.Event(), []

    def hang() -> None:
        looks.append(1)
        released.wait(60)

    readiness = WithGuards(HandleReadiness({}), {DATA_ROOT: hang}, within_s=0.02)
    assert [await readiness.not_ready() for _ in range(3)] == [[DATA_ROOT]] * 3
    assert len(looks) == 1
    released.set()


def test_replicas_that_start_without_it_wait_for_it(root: Path) -> None:
    """They start, say that it is away, and work when it is there."""
    word = RootIdentity(str(root)).word
    back = lose(root)
    settings = Settings(data_root=str(root), data_root_id=word)
    files = FileWiring(DataRoot.of(settings), ImageLimits())
    with pytest.raises(InferloopError):
        ProfilesWiring(ProfilesConfig(), files).engines().get(None)
    wiring: Any = ExportWiring(ExportConfig(), files)
    with pytest.raises(InferloopError):
        ExporterReplica(wiring)
    back()
    ProfilesWiring(ProfilesConfig(), files).engines().get(None)
