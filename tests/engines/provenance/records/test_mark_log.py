"""The log of marks: whole, or what was done to it is told. On a folder and in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.errors import InsufficientStorage
from engines.protocols import Storage
from engines.provenance.chains import check, find, heads, lost
from engines.provenance.log import LOG_FOLDER, MarkEntry, MarkLog
from tests.engines.storage.doubles import CountingStorage


def entry(number: int) -> MarkEntry:
    return MarkEntry("created", f"generated/d/{number}.png", f"{number:064d}", "ab" * 32)


def write(log: MarkLog, count: int) -> None:
    for number in range(count):
        log.append(entry(number))


def segments(storage: Storage) -> list[str]:
    return [stat.key for stat in storage.list(LOG_FOLDER)]


def edit(storage: Storage, key: str, change: Callable[[bytes], bytes]) -> None:
    storage.replace(key, change(storage.read(key)))


def test_a_log_of_many_segments_and_writers_is_whole(storage: Storage) -> None:
    for _ in range(3):
        write(MarkLog(storage, segment_bytes=600), 5)
    report = check(storage)
    assert report.is_intact
    assert (report.chains, report.entries, report.torn) == (3, 15, 0)
    assert report.segments == len(segments(storage)) > 3


def test_threads_share_a_chain(storage: Storage) -> None:
    log = MarkLog(storage, segment_bytes=2000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.append(entry(number)), range(16)))
    report = check(storage)
    assert report.is_intact
    assert (report.chains, report.entries) == (1, 16)


def without_line(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join([*lines[:1], *lines[2:]])


def swapped(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join([lines[1], lines[0], *lines[2:]])


TAMPERINGS: dict[str, Callable[[bytes], bytes]] = {
    "a line taken out": without_line,
    "two lines swapped": swapped,
    "a key changed": lambda content: content.replace(b"generated/d/1.png", b"generated/d/7.png"),
    "a line doubled": lambda content: content.splitlines(keepends=True)[0] + content,
    "a line in between": lambda content: b'{"n":0}\n' + content,
    "no JSON in between": lambda content: b"\xff\xfe\n" + content,
    "a blank line": lambda content: content.replace(b"\n", b"\n\n", 1),
    "a list in place of a line": lambda content: b"[1,2]\n" + content,
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_whatever_is_done_to_a_line_is_found(what: str, storage: Storage) -> None:
    write(MarkLog(storage), 5)
    (key,) = segments(storage)
    edit(storage, key, TAMPERINGS[what])
    assert not check(storage).is_intact


def test_a_segment_that_is_missing_in_the_middle_is_found(storage: Storage) -> None:
    write(MarkLog(storage, segment_bytes=600), 10)
    keys = segments(storage)
    storage.delete(keys[1])
    assert f"segment {1} of this chain is missing" in " ".join(check(storage).problems)


def test_a_first_segment_that_is_missing_is_found(storage: Storage) -> None:
    write(MarkLog(storage, segment_bytes=600), 10)
    storage.delete(segments(storage)[0])
    assert not check(storage).is_intact


def test_an_end_that_was_cut_off_is_known_to_whoever_kept_the_heads(storage: Storage) -> None:
    write(MarkLog(storage, segment_bytes=600), 10)
    before = heads(storage)
    write(MarkLog(storage), 2)
    assert lost(storage, before) == []
    (name,) = before
    edit(storage, f"{LOG_FOLDER}/{name}.jsonl", lambda content: content[: content.index(b"\n") + 1])
    assert check(storage).is_intact  # a chain that is shorter is a chain
    assert lost(storage, before) == [name]


def test_a_strange_file_in_the_log_is_told(storage: Storage) -> None:
    write(MarkLog(storage), 1)
    storage.put_new(f"{LOG_FOLDER}/notes.txt", b"hello")
    assert check(storage).problems == ("notes.txt: not a segment of the log",)


def test_a_line_torn_by_a_crash_is_no_tampering(storage: Storage) -> None:
    write(MarkLog(storage), 3)
    (key,) = segments(storage)
    edit(storage, key, lambda content: content[:-20])
    write(MarkLog(storage), 3)  # the process that comes next
    report = check(storage)
    assert report.is_intact
    assert (report.chains, report.entries, report.torn) == (2, 5, 1)


def test_a_disk_that_is_full_fails_the_mark_and_begins_a_new_chain(storage: Storage) -> None:
    counting = CountingStorage(storage)
    log = MarkLog(counting)
    write(log, 2)
    counting.full = {"append": ".jsonl"}
    with pytest.raises(InsufficientStorage):
        log.append(entry(2))
    counting.full = {}
    write(log, 2)
    report = check(storage)
    assert report.is_intact
    assert (report.chains, report.entries) == (2, 4)


def test_a_mark_is_found_by_the_segment_that_its_image_names(storage: Storage) -> None:
    log = MarkLog(storage, segment_bytes=600)
    named = []
    for number in range(10):
        named.append(log.segment)
        log.append(entry(number))
    for number, segment in enumerate(named):
        found = find(storage, segment, f"{number:064d}")
        assert found is not None
        assert found.line["key"] == f"generated/d/{number}.png"
    assert find(storage, named[0], "f" * 64) is None


@pytest.mark.parametrize(
    "segment", ["", "../../etc/passwd", "20260101T000000-0123456789ab-000001", "x" * 5000, "a/b"]
)
def test_a_segment_that_a_stranger_made_up_finds_nothing(segment: str, storage: Storage) -> None:
    assert find(storage, segment, "0" * 64) is None


def test_no_log_is_an_intact_log(storage: Storage) -> None:
    assert check(storage).is_intact
    assert heads(storage) == {}
