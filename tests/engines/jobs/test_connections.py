"""The connections below the stores: transactions, their errors in our words, and older files."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as ConnectionBroke
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as TookTooLong

from engines.errors import InsufficientStorage, NotFound, Overloaded, StorageFailed
from engines.jobs.redis.connection import JobsRedis, Pipeline
from engines.jobs.redis.connection import translated as redis_translated
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.connection import JobsFile, translated
from engines.jobs.sqlite.schema import _STEPS, VERSION, _statements, create_tables
from engines.jobs.sqlite.store import SqliteJobStore
from tests.engines.jobs.drafts import Clock, draft

# One SQLite file


@pytest.fixture
def file(tmp_path: Path) -> JobsFile:
    return JobsFile(tmp_path / "jobs.sqlite")


def count(file: JobsFile) -> int:
    with file.reading() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM credits").fetchone()[0])


def test_what_a_block_writes_is_there_when_it_ends_well(file: JobsFile) -> None:
    with file.writing() as connection:
        connection.execute("INSERT INTO credits VALUES (1, 5)")
    assert count(file) == 1


@pytest.mark.parametrize("error", [NotFound("job", "x"), KeyboardInterrupt()])
def test_what_a_block_writes_is_undone_when_it_raises(file: JobsFile, error: BaseException) -> None:
    def write() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO credits VALUES (1, 5)")
            raise error

    with pytest.raises(type(error)):
        write()
    assert count(file) == 0
    with file.writing() as connection:  # and the file is not held
        connection.execute("INSERT INTO credits VALUES (1, 5)")


def test_a_reader_sees_one_state_whatever_others_write(file: JobsFile, tmp_path: Path) -> None:
    other = JobsFile(tmp_path / "jobs.sqlite")
    with file.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM credits").fetchone()[0] == 0
        with other.writing() as writer:
            writer.execute("INSERT INTO credits VALUES (1, 5)")
        assert connection.execute("SELECT COUNT(*) FROM credits").fetchone()[0] == 0
    assert count(file) == 1
    other.close()


def test_what_a_reader_writes_by_mistake_is_not_kept(file: JobsFile) -> None:
    with file.reading() as connection:
        connection.execute("INSERT INTO credits VALUES (1, 5)")
    assert count(file) == 0


def test_threads_of_a_process_take_turns(file: JobsFile) -> None:
    def add(number: int) -> None:
        with file.writing(durable=False) as connection:
            (found,) = connection.execute("SELECT COUNT(*) FROM credits").fetchone()
            connection.execute("INSERT INTO credits VALUES (?, ?)", (number, found))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with file.reading() as connection:
        found = connection.execute("SELECT credit FROM credits").fetchall()
    assert sorted(row[0] for row in found) == list(range(8))


def test_a_broken_rule_of_a_table_is_a_failure_of_the_store(file: JobsFile) -> None:
    with pytest.raises(StorageFailed), file.writing() as connection:
        connection.execute("INSERT INTO credits VALUES (1, 'no number')")


def test_a_file_that_was_closed_is_a_failure_of_the_store(file: JobsFile) -> None:
    file.close()
    with pytest.raises(StorageFailed):
        count(file)


@pytest.mark.parametrize("name", ["", "absent/jobs.sqlite"])
def test_a_path_that_can_be_no_file_is_a_failure_of_the_store(tmp_path: Path, name: str) -> None:
    """A folder, and a file in a folder that is not there."""
    with pytest.raises(StorageFailed, match="job store cannot be opened"):
        SqliteJobStore(tmp_path / name)


def test_a_full_disk_is_said_as_such(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "small.sqlite", isolation_level=None)
    connection.execute("PRAGMA max_page_count = 3")
    connection.execute("CREATE TABLE words (text TEXT)")
    with pytest.raises(InsufficientStorage, match="No room"), translated():
        connection.execute("INSERT INTO words VALUES (?)", ("x" * 100_000,))
    connection.close()


def test_no_error_names_the_file(tmp_path: Path) -> None:
    """Its path is nobody's business who asks over HTTP."""
    with pytest.raises(StorageFailed) as failed:
        SqliteJobStore(tmp_path / "absent" / "jobs.sqlite")
    assert str(tmp_path) not in failed.value.message


# Older files


@pytest.mark.parametrize("version", range(VERSION + 1))
def test_a_file_of_any_earlier_version_is_brought_up_to_date(version: int) -> None:
    connection = sqlite3.connect(":memory:")
    for step in _STEPS[:version]:
        for statement in _statements(step):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")
    create_tables(connection)
    create_tables(connection)  # again: nothing to do
    fresh = sqlite3.connect(":memory:")
    create_tables(fresh)
    layout = "SELECT name, sql FROM sqlite_schema ORDER BY name"
    assert connection.execute(layout).fetchall() == fresh.execute(layout).fetchall()
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
    fresh.close()


def test_words_after_dashes_are_no_statement() -> None:
    assert [each.strip() for each in _statements("A; -- x; y\nB;\n-- C;\n")] == ["A", "B"]


# One Redis


def test_keys_of_a_service_are_in_one_slot_of_a_cluster() -> None:
    redis = JobsRedis("redis://127.0.0.1:1/0", "mine")
    names = [redis.key("job", 5), redis.key("ring", "x"), redis.key()]
    assert all(name.startswith("{inferloop:jobs:mine}") for name in names)
    assert names[0] == "{inferloop:jobs:mine}:job:5"


def test_a_step_is_repeated_when_somebody_was_quicker(redis_url: str) -> None:
    redis = JobsRedis(redis_url, "quicker")
    number, tries = redis.key("number"), 0

    def step(pipe: Pipeline) -> int:
        nonlocal tries
        tries += 1
        found = int(pipe.get(number) or 0)
        if tries == 1:
            redis.client.set(number, 41)  # between the reading and the writing
        pipe.multi()
        pipe.set(number, found + 1)
        return found

    assert redis.atomically(step, number) == 41
    assert (tries, redis.client.get(number)) == (2, "42")
    redis.close()


def test_a_step_that_raises_writes_nothing(redis_url: str) -> None:
    redis = JobsRedis(redis_url, "raises")

    def step(pipe: Pipeline) -> None:
        pipe.multi()
        pipe.set(redis.key("number"), 1)
        raise NotFound("job", "x")

    with pytest.raises(NotFound):
        redis.atomically(step, redis.key("number"))
    assert redis.client.get(redis.key("number")) is None
    redis.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionBroke("gone"), Overloaded),
        (TookTooLong("slow"), Overloaded),
        (OSError("no route"), Overloaded),
        (ReadOnlyError("replica"), StorageFailed),
    ],
)
def test_errors_of_a_server_are_ours(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected) as raised, redis_translated():
        raise error
    assert raised.value.__cause__ is error


def test_a_server_that_is_away_is_worth_another_try() -> None:
    with pytest.raises(Overloaded) as raised, redis_translated():
        raise ConnectionBroke("redis://user:secret@host is gone")
    assert raised.value.retry_after_s == 1
    assert "secret" not in raised.value.message


def test_our_own_errors_pass_as_they_are() -> None:
    with pytest.raises(NotFound), redis_translated():
        raise NotFound("job", "x")
    with pytest.raises(NotFound), translated():
        raise NotFound("job", "x")


def test_nothing_is_left_on_the_server_of_a_job_that_was_forgotten(redis_url: str) -> None:
    clock = Clock()
    store = RedisJobStore(redis_url, "leftovers", now=clock)
    accepted = store.accept(draft(idempotency_key="k", detached=False))
    assert accepted.lease is not None
    store.forget(accepted.lease)
    redis = JobsRedis(redis_url, "leftovers")
    names = {name.rpartition("}:")[2] for name in redis.client.scan_iter(redis.key("*"))}
    assert names <= {"seq", "turns"}
    redis.close()
    store.close()
