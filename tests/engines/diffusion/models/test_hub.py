"""Repository and revision through the real hub library: a cache on disk, and a hub that says no.

The library reads its environment as it is imported, so every case runs in a child process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engines.diffusion.config import HubSource, LoraEntry
from engines.diffusion.models import tiny
from tests.engines.diffusion.models.test_loading import save_lora
from tests.engines.diffusion.rig import tiny_entry

pytestmark = pytest.mark.slow

REPOSITORY = "owner/tiny"
MAIN, OLD, STYLE = ("a" * 40, "b" * 40, "c" * 40)
SEEDS = {MAIN: 0, OLD: 1}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the hub library leaves it: two commits of one model, branch `main` and tag `v1` on them,
    and an adapter in a repository of its own."""
    root = tmp_path_factory.mktemp("hub")
    for commit, seed in SEEDS.items():
        folder = root / "models--owner--tiny" / "snapshots" / commit
        tiny.build_tiny_pipeline(seed).save_pretrained(folder)
    save_lora(root / "models--owner--style" / "snapshots" / STYLE)
    for repository, name, commit in (
        ("tiny", "main", MAIN),
        ("tiny", "v1", OLD),
        ("style", "main", STYLE),
    ):
        reference = root / f"models--owner--{repository}" / "refs" / name
        reference.parent.mkdir(exist_ok=True)
        reference.write_text(commit)
    return root


@pytest.fixture
def empty_hub() -> Iterator[str]:
    """A hub without any repository, on loopback; yields its address."""

    class Absent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Absent)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def loaded(cache: Path, *entries: Any, **environment: str) -> list[dict[str, Any]]:
    """What became of each entry in a process with that cache and environment."""
    command = [sys.executable, "-m", "tests.engines.diffusion.models.hub_child"]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [*command, *(entry.model_dump_json() for entry in entries)],
        env={**inherited, "HF_HUB_CACHE": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def at(revision: str | None, repository: str = REPOSITORY, **changes: Any) -> Any:
    return tiny_entry(source=HubSource(repository=repository, revision=revision), **changes)


def first_weight(seed: int) -> float:
    return float(next(tiny.build_tiny_pipeline(seed).unet.parameters()).detach().sum())


def test_offline_the_cache_answers_for_branch_tag_and_commit(cache: Path) -> None:
    adapter = LoraEntry(name="style", source=HubSource(repository="owner/style"))
    whole = [at(None), at("main", loras=(adapter,)), at("v1"), at(OLD)]
    absent = [at(None, "owner/nowhere"), at("v2")]
    *found, nowhere, no_such_revision = loaded(cache, *whole, *absent, HF_HUB_OFFLINE="1")
    assert [each.get("revision", each) for each in found] == [MAIN, MAIN, OLD, OLD]
    for each, commit in zip(found, (MAIN, MAIN, OLD, OLD), strict=True):
        assert each["weight"] == pytest.approx(first_weight(SEEDS[commit]), abs=1e-4)
    reason = "cannot be loaded: it is not in the local cache, and the hub cannot be reached"
    assert nowhere["message"] == f"Hub repository owner/nowhere (revision main) {reason}"
    assert no_such_revision["message"] == f"Hub repository {REPOSITORY} (revision v2) {reason}"


def test_what_the_hub_does_not_have_is_not_found(tmp_path: Path, empty_hub: str) -> None:
    (found,) = loaded(tmp_path, at("v9", "owner/nowhere"), HF_ENDPOINT=empty_hub)
    assert found == {
        "code": "NOT_FOUND",
        "message": "Hub repository not found: owner/nowhere (revision v9)",
    }
