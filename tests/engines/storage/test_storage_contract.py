"""The contract of `engines.protocols.Storage`, over a folder and over S3."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from engines.errors import Conflict, InvalidPath, NotFound
from engines.protocols import Storage
from engines.storage.keys import TEMPORARY_PREFIX

BAD_KEYS = [
    "",
    "/etc/passwd",
    "..",
    "a/../../b",
    "a/./b",
    "a//b",
    "a/",
    "a\0b",
    "a\\b",
    "a\nb",
    "\ud800",
    f"a/{TEMPORARY_PREFIX}1",
    ".inferloop/locks/1",
    "a" * 300,
    "/".join(["abcdefghi"] * 200),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_what_is_no_key_is_refused_by_every_method(storage: Storage, key: str) -> None:
    for use in (
        lambda: storage.put_new(key, b"x"),
        lambda: storage.replace(key, b"x"),
        lambda: storage.create(key).__enter__(),
        lambda: storage.append(key, b"x"),
        lambda: storage.read(key),
        lambda: storage.open(key),
        lambda: storage.stat(key),
        lambda: storage.delete(key),
        lambda: storage.presign(key, 60),
    ):
        with pytest.raises(InvalidPath):
            use()
    if key:
        with pytest.raises(InvalidPath):
            list(storage.list(key))
        with pytest.raises(InvalidPath):
            list(storage.list_folders(key))


def test_put_new_writes_once(storage: Storage) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    put = storage.put_new("a/b.png", b"one")
    assert (put.key, put.size_bytes) == ("a/b.png", 3)
    assert put.modified_at >= before
    with pytest.raises(Conflict):
        storage.put_new("a/b.png", b"one")
    assert storage.read("a/b.png") == b"one"
    assert storage.stat("a/b.png").etag == put.etag


def test_one_of_many_racing_writers_wins(storage: Storage) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(6)

    def write(number: int) -> None:
        barrier.wait()
        try:
            storage.put_new("race", b"%d" % number)
        except Conflict:
            outcomes.append("conflict")
        else:
            outcomes.append(str(number))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("conflict") == 5
    assert storage.read("race").decode() in outcomes


def test_replace_without_condition_makes_or_overwrites(storage: Storage) -> None:
    storage.replace("profile.json", b"1")
    storage.replace("profile.json", b"22")
    assert storage.read("profile.json") == b"22"


def test_replace_with_condition_takes_only_that_version(storage: Storage) -> None:
    first = storage.replace("profile.json", b"1")
    second = storage.replace("profile.json", b"2", if_match=first.etag)
    with pytest.raises(Conflict):
        storage.replace("profile.json", b"3", if_match=first.etag)
    assert storage.read("profile.json") == b"2"
    assert storage.replace("profile.json", b"3", if_match=second.etag).size_bytes == 1


def test_replace_with_condition_needs_the_object(storage: Storage) -> None:
    with pytest.raises(Conflict):
        storage.replace("absent", b"1", if_match="0123456789abcdef0123456789abcdef")
    with pytest.raises(NotFound):
        storage.stat("absent")


def test_versions_of_the_same_size_have_different_etags(storage: Storage) -> None:
    etags = {storage.replace("x", b"%d" % n).etag for n in range(8)}
    assert len(etags) == 8


def test_of_many_conditional_writers_one_wins_each_round(storage: Storage) -> None:
    etag = storage.replace("counter", b"start").etag
    won: list[int] = []

    def write(number: int) -> None:
        try:
            storage.replace("counter", b"%d" % number, if_match=etag)
            won.append(number)
        except Conflict:
            pass

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert storage.read("counter") == b"%d" % won[0]


def test_create_publishes_at_the_end_and_replaces(storage: Storage) -> None:
    storage.put_new("exports/x.jsonl", b"old")
    with storage.create("exports/x.jsonl") as file:
        file.write(b"new ")
        assert storage.read("exports/x.jsonl") == b"old"
        assert [stat.key for stat in storage.list("exports")] == ["exports/x.jsonl"]
        file.write(b"content")
    assert storage.read("exports/x.jsonl") == b"new content"


def test_create_that_raises_leaves_no_trace(storage: Storage) -> None:
    def die() -> None:
        with storage.create("exports/x.jsonl") as file:
            file.write(b"half")
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        die()
    assert list(storage.list("")) == []
    storage.put_new("exports/x.jsonl", b"old")
    with pytest.raises(RuntimeError, match="boom"):
        die()
    assert storage.read("exports/x.jsonl") == b"old"


def test_create_takes_more_than_a_part(storage: Storage) -> None:
    block = bytes(range(256)) * 4096
    with storage.create("big") as file:
        for _ in range(9):
            file.write(block)
    assert storage.stat("big").size_bytes == 9 * 2**20
    assert storage.read("big", 8 * 2**20, 256) == bytes(range(256))


def test_append_adds_to_the_end(storage: Storage) -> None:
    storage.append("index/w.jsonl", b"one\n")
    storage.append("index/w.jsonl", b"two\n")
    assert storage.read("index/w.jsonl") == b"one\ntwo\n"


def test_read_takes_ranges(storage: Storage) -> None:
    storage.put_new("x", b"0123456789")
    assert storage.read("x", 3) == b"3456789"
    assert storage.read("x", 3, 2) == b"34"
    assert storage.read("x", 8, 50) == b"89"
    assert storage.read("x", 10, 5) == b""
    assert storage.read("x", 99) == b""
    assert storage.read("x", 0, 0) == b""


def test_an_empty_object_is_an_object(storage: Storage) -> None:
    assert storage.put_new("empty", b"").size_bytes == 0
    assert storage.read("empty") == b""
    with storage.open("empty") as file:
        assert file.read() == b""


def test_open_is_seekable(storage: Storage) -> None:
    content = bytes(range(256)) * 10_000
    storage.put_new("x", content)
    with storage.open("x") as file:
        assert file.read(3) == content[:3]
        assert file.seek(-5, 2) == len(content) - 5
        assert file.read() == content[-5:]
        file.seek(1_000_000)
        assert file.read(10) == content[1_000_000:1_000_010]
        assert file.seek(10) == 10
        assert file.read() == content[10:]


@pytest.mark.parametrize("key", ["absent", "folder", "folder/file/below"])
def test_absent_is_not_found(storage: Storage, key: str) -> None:
    storage.put_new("folder/file", b"x")
    for use in (storage.read, storage.stat, storage.open):
        with pytest.raises(NotFound):
            use(key)
    with pytest.raises(NotFound):
        storage.read(key, 2, 0)


def test_list_is_ordered_by_key_at_all_levels(storage: Storage) -> None:
    keys = ["d/a", "d/a-b/x", "d/a/b", "d/a.png", "d/B", "d/\u00e9", "e/x", "d2/x"]
    kept = [key for key in keys if key != "d/a"]  # a folder cannot be a file as well
    for key in kept:
        storage.put_new(key, key.encode())
    found = list(storage.list("d"))
    assert [stat.key for stat in found] == ["d/B", "d/a-b/x", "d/a.png", "d/a/b", "d/\u00e9"]
    assert [stat.size_bytes for stat in found] == [len(stat.key.encode()) for stat in found]
    assert [stat.etag for stat in found] == [storage.stat(stat.key).etag for stat in found]
    assert len(list(storage.list(""))) == len(kept)
    assert list(storage.list("absent")) == []


def test_list_folders_names_one_level(storage: Storage) -> None:
    for key in ("generated/b/1", "generated/a/deep/1", "generated/image.png", "uploads/1"):
        storage.put_new(key, b"x")
    assert list(storage.list_folders("generated")) == ["a", "b"]
    assert list(storage.list_folders("")) == ["generated", "uploads"]
    assert list(storage.list_folders("generated/a/deep")) == []
    assert list(storage.list_folders("absent")) == []


def test_delete_is_idempotent_and_leaves_no_empty_folder(storage: Storage) -> None:
    storage.put_new("generated/a/1", b"x")
    storage.put_new("generated/b/1", b"x")
    storage.delete("generated/a/1")
    storage.delete("generated/a/1")
    assert list(storage.list_folders("generated")) == ["b"]
    with pytest.raises(NotFound):
        storage.read("generated/a/1")
    storage.put_new("generated/a/1", b"again")
    assert storage.read("generated/a/1") == b"again"


def test_a_presigned_url_reads_the_object_as_a_download_or_there_is_none(storage: Storage) -> None:
    storage.put_new("exports/\u00fc b.jsonl", b"content")
    url = storage.presign("exports/\u00fc b.jsonl", 60)
    if storage.free_bytes() is not None:
        assert url is None  # a folder: it knows its disk, and has no URLs
        return
    assert url is not None
    answer = httpx.get(url)
    assert answer.content == b"content"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "60" in httpx.URL(url).params.get("X-Amz-Expires", "60")


def test_a_listing_goes_on_after_any_key(storage: Storage) -> None:
    keys = ["d/B", "d/a-b/x", "d/a.png", "d/a/b", "d/a/c/d", "d/\u00e9", "e/x"]
    for key in keys:
        storage.put_new(key, b"x")
    inside = keys[:-1]
    for number, key in enumerate(inside):
        assert [s.key for s in storage.list("d", after=key)] == inside[number + 1 :]
    for between, rest in (("d/a", inside[1:]), ("d/a0", inside[5:]), ("c", inside), ("e", [])):
        assert [s.key for s in storage.list("d", after=between)] == rest


def test_a_folders_version_changes_with_what_lies_in_it_or_nobody_knows_it(
    storage: Storage,
) -> None:
    assert storage.folder_version("absent") is None
    storage.put_new("d/a", b"x")
    first = storage.folder_version("d")
    if first is None:
        return  # a bucket cannot tell
    for change in (
        lambda: storage.put_new("d/b", b"x"),
        lambda: storage.replace("d/a", b"y"),
        lambda: storage.delete("d/b"),
    ):
        time.sleep(0.02)  # longer than a tick of the kernel's clock
        change()
        assert storage.folder_version("d") != first
        first = storage.folder_version("d")
