"""Listing a folder: the order of a bucket, whatever the names, and in bounded memory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.storage.folder.listing import walk
from engines.storage.keys import is_key

SEGMENT = st.text(st.sampled_from("aB-._+0é山\U0001f600~ "), min_size=1, max_size=5).filter(
    lambda segment: segment not in (".", "..")
)
KEYS = st.sets(st.lists(SEGMENT, min_size=1, max_size=3).map("/".join), max_size=40)


def filled(folder: str, keys: set[str]) -> set[str]:
    """Make the files; those whose name is another's folder (or no name) cannot be."""
    made = set()
    for key in keys:
        path = os.path.join(folder, key)
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb"):
                made.add(key)
    return {key for key in made if is_key(key)}


@settings(max_examples=60)
@given(KEYS, st.integers(1, 50))
def test_keys_come_in_the_order_of_their_utf8_bytes_however_they_are_sorted(
    keys: set[str], run_names: int
) -> None:
    with TemporaryDirectory() as folder:
        expected = sorted(filled(folder, keys), key=str.encode)
        assert [key for key, _ in walk(folder, folder, "", run_names)] == expected


def test_a_walk_given_up_half_way_leaves_nothing_open(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.png").touch()
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    walking = walk(str(tmp_path), str(tmp_path), "", 5)
    assert next(iter(walking))[0] == "0.png"
    walking.close()  # type: ignore[attr-defined]
    if before:
        assert len(os.listdir("/proc/self/fd")) <= len(before)


@pytest.mark.parametrize("run_names", [1, 1000])
def test_names_that_are_no_keys_are_left_out(tmp_path: Path, run_names: int) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"a.png", b"\xff.png", b"line\nbreak.png", b"back\\slash.png", b".tmp-x"):
        with open(os.path.join(folder, name), "wb"):
            pass
    found = [key for key, _ in walk(str(tmp_path), str(tmp_path), "", run_names)]
    assert found == ["a.png"]
