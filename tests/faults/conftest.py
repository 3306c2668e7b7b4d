"""Processes that are killed and stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
Exporting = subprocess.Popen[str]


@pytest.fixture
def start_exporting(tmp_path: Path) -> Iterator[Callable[[str, float], Exporting]]:
    """Returns a function that starts a process which exports in the data root `tmp_path`, and waits
    until it has written half a file. The process is killed at the end."""
    started: list[Exporting] = []

    def start(target: str, ttl_s: float) -> Exporting:
        command = [sys.executable, "-m", "tests.faults.exporting_process"]
        process = subprocess.Popen(
            [*command, str(tmp_path), target, str(ttl_s)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "half written\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
