"""A peer's server never outlives the benchmark, however the benchmark ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0

SERVER = """
import subprocess, sys, time
worker = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(worker.pid, flush=True)
{then}
"""
"""A server with a worker in a session of its own, as BentoML's are."""


def _command(then: str) -> list[str]:
    server = [sys.executable, "-c", SERVER.format(then=then)]
    return [sys.executable, "-m", "benchmarks.serving.keeper", *server]


@contextmanager
def kept(then: str) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """The keeper, and the worker of the server that it keeps."""
    with subprocess.Popen(
        _command(then), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        worker = psutil.Process(int(keeper.stdout.readline()))
        yield keeper, worker


def _is_over(process: psutil.Process) -> bool:
    gone, _ = psutil.wait_procs([process], timeout=WITHIN_S)
    return bool(gone)


def test_when_the_benchmark_lets_go_the_workers_end_too() -> None:
    with kept("time.sleep(1000)") as (keeper, worker):
        assert keeper.stdin is not None
        keeper.stdin.close()
        assert keeper.wait(WITHIN_S) == 0
        assert _is_over(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_when_a_server_dies_its_workers_end_and_its_status_is_told() -> None:
    with kept("sys.exit(3)") as (keeper, worker):
        assert keeper.wait(WITHIN_S) == 3
        assert _is_over(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_when_the_benchmark_is_killed_nothing_of_the_server_stays() -> None:
    benchmark = (
        "import subprocess, sys\n"
        f"subprocess.Popen({_command('time.sleep(1000)')!r}, stdin=subprocess.PIPE).wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", benchmark], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        worker = psutil.Process(int(process.stdout.readline()))
        (keeper,) = psutil.Process(process.pid).children()
        os.kill(process.pid, signal.SIGKILL)
        assert _is_over(worker)
        assert _is_over(keeper)
