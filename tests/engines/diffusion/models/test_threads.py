"""Threads of a CPU operator: as told, or the cores that are really ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.diffusion.models.threads import choose_threads

CORES = len(os.sched_getaffinity(0))


def test_a_number_is_taken_as_it_is(tmp_path: Path) -> None:
    assert choose_threads(3, tmp_path / "absent") == 3


def test_all_is_every_core_where_nothing_limits_it(tmp_path: Path) -> None:
    assert choose_threads("all", tmp_path / "absent") == CORES


@pytest.mark.parametrize(
    ("text", "threads"),
    [
        ("max 100000", CORES),
        ("100000 100000", 1),
        ("150000 100000", min(CORES, 2)),
        ("20000 100000", 1),
        (f"{(CORES + 5) * 100000} 100000", CORES),
    ],
)
def test_a_container_s_quota_bounds_it(text: str, threads: int, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(f"{text}\n", encoding="ascii")
    assert choose_threads("all", tmp_path / "cpu.max") == threads
