"""S8 on the real replicas: work stops between two objects when the client who asked has left."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deployments.wiring.data import DataRoot
from engines.protocols import Storage
from engines.types import ObjectStat
from tests.security.spaces.tenants import SharedService, entry, key_of, picture
from tests.serve_app.asgi import Exchange
from tests.waiting import PATIENCE_S, until

API = "/api/v1"
OBJECTS = 60
BEGUN = 3
"""So many objects are looked at before the client leaves."""
AT_ONCE = OBJECTS // 2
"""Objects that may be under way when it leaves: some are read ahead."""


@dataclass
class Gate:
    """Lets `BEGUN` looks at objects pass, then holds every further one until it is opened."""

    looks: int = 0
    open: threading.Event = field(default_factory=threading.Event)
    armed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_through(self) -> None:
        if not self.armed:
            return
        with self._lock:
            self.looks += 1
            held = self.looks > BEGUN
        if held:
            assert self.open.wait(PATIENCE_S)


class GatedStorage:
    """A real storage; each object that is listed or read passes the gate."""

    def __init__(self, inner: Storage, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    def list(self, *args: Any) -> Iterator[ObjectStat]:
        for stat in self._inner.list(*args):
            self._gate.pass_through()
            yield stat

    def read(self, *args: Any) -> bytes:
        self._gate.pass_through()
        return self._inner.read(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@dataclass(frozen=True)
class GatedRoot(DataRoot):
    gate: Gate = field(default_factory=Gate)

    def storage(self) -> Any:
        return GatedStorage(DataRoot.storage(self), self.gate)


CALLS = {
    "datasets": ("GET", "/datasets", None),
    "dataset": ("GET", "/datasets/set", None),
    "profiles": ("GET", "/profiles", None),
    "validation": ("POST", "/validate/dataset", {"dataset_dir": "/data/uploads/set"}),
    "profile": ("POST", "/profiles", {"name": "new", "source_dir": "/data/uploads/set"}),
    "comparison": ("GET", "/profiles/p0/compare", "dataset=/data/uploads/set"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("left")
    storage = DataRoot(str(root / "data")).storage()
    shared = SharedService(root, entry("ada"))
    for number in range(OBJECTS):
        content = picture(number)
        storage.put_new(f"generated/set/{number:02}.png", content)
        storage.put_new(f"uploads/set/{number:02}.png", content)
    with shared.client("ada") as ada:
        body = {"name": "p0", "source_dir": "/data/uploads/set"}
        assert ada.post(f"{API}/profiles", json=body).status_code == 200
    for number in range(1, OBJECTS):
        storage.put_new(f"profiles/stream_p{number}.json", storage.read("profiles/stream_p0.json"))
    return root


def tidied() -> None:
    """The exporter's own upkeep at its start has ended."""
    for thread in threading.enumerate():
        if thread.name == "upkeep":
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
async def test_work_stops_when_its_client_leaves(filled: Path, call: str) -> None:
    method, path, given = CALLS[call]
    body = b"" if given is None or isinstance(given, str) else json.dumps(given).encode()
    gate = Gate()

    shared = SharedService(filled, entry("ada"), data=GatedRoot(str(filled / "data"), gate=gate))
    exchange = Exchange(method, f"{API}{path}", body, key_of("ada"))
    if isinstance(given, str):
        exchange.scope["query_string"] = given.encode()
    await asyncio.to_thread(tidied)
    gate.armed = True
    task = asyncio.create_task(shared.app(exchange.scope, exchange.receive, exchange.send))
    await until(lambda: gate.looks > BEGUN)
    exchange.gone.set()
    await asyncio.wait_for(task, PATIENCE_S)
    assert exchange.status == 499
    gate.open.set()
    await asyncio.to_thread(shared.settle)
    assert gate.looks <= AT_ONCE


def test_with_a_client_that_waits_it_looks_at_all(filled: Path) -> None:
    gate = Gate()
    gate.open.set()
    shared = SharedService(filled, entry("ada"), data=GatedRoot(str(filled / "data"), gate=gate))
    tidied()
    gate.armed = True
    with shared.client("ada") as ada:
        assert ada.get(f"{API}/datasets").json()["datasets"][0]["image_count"] == OBJECTS
    assert gate.looks >= OBJECTS
