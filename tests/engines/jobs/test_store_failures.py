"""Files and servers that are not as a store needs them."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from engines.errors import InvalidParameters, Overloaded, StorageFailed
from engines.jobs.model import Selection
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.connection import translated
from engines.jobs.sqlite.store import SqliteJobStore
from tests.engines.jobs.drafts import draft


def test_the_file_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.sqlite")
    store.accept(draft())
    for path in tmp_path.iterdir():
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    store.close()


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageFailed, match="format of a later version of the service"):
        SqliteJobStore(path)


def test_what_is_no_jobs_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageFailed):
        SqliteJobStore(path)


def test_a_file_that_another_holds_for_too_long_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    SqliteJobStore(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = sqlite3.connect(path, isolation_level=None, timeout=0)
    with pytest.raises(Overloaded, match="busy"), translated():
        waiting.execute("BEGIN IMMEDIATE")
    holder.close()
    waiting.close()


def test_a_job_of_before_a_restart_is_there_after_it(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = SqliteJobStore(path)
    job = store.accept(draft()).job
    store.close()
    reopened = SqliteJobStore(path)
    assert reopened.get(job.id) == job
    claimed = reopened.claim()
    assert claimed is not None
    assert claimed.job.id == job.id
    reopened.close()


def test_a_server_that_is_away_is_said_so() -> None:
    store = RedisJobStore("redis://127.0.0.1:1/0", "ns")
    with pytest.raises(Overloaded, match="not reachable"):
        store.accept(draft())
    with pytest.raises(Overloaded, match="not reachable"):
        store.list(Selection(None), 1, None)


def test_a_wrong_url_is_refused_without_showing_its_password() -> None:
    with pytest.raises(InvalidParameters) as refused:
        RedisJobStore("http://user:secret@host", "ns")
    assert "secret" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_services_that_share_a_server_do_not_see_each_others_jobs(redis_url: str) -> None:
    one, other = RedisJobStore(redis_url, "one"), RedisJobStore(redis_url, "other")
    one.accept(draft(idempotency_key="k"))
    assert other.claim() is None
    assert other.accept(draft(idempotency_key="k", digest="another")).is_new
    one.close()
    other.close()
