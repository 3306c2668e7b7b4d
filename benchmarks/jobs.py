"""The cost of storing jobs: for a request with an idempotency key, and for long lists of jobs.

    python -m benchmarks.jobs --jobs 100000 --requests 300 [--redis redis://127.0.0.1:6379/0]

Requests are sent to the production application in this process, with a generation that answers at
once. Variants are measured alternately, in CPU time, which other load affects little, and in wall
time, which is valid only on an idle machine. Lists are read in pages of 100 from a SQLite file, and
with `--redis` from a Redis or Valkey that must contain nothing else. Memory is the peak of Python's
own allocations (tracemalloc) while a page is read, and the use that the server reports.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI
from redis import Redis

from benchmarks.jobs_application import SMALL, application, generate
from engines.jobs.model import Draft, JobRequest, JobTerms, Owner, Selection
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore

PAGE = 100


async def request_ms(app: FastAPI, headers: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time of one generation through the whole application."""
    began, began_wall = time.process_time(), time.perf_counter()
    status = await generate(app, headers)
    took, took_wall = time.process_time() - began, time.perf_counter() - began_wall
    assert status in (200, 202), status
    return took * 1000, took_wall * 1000


async def requests(folder: Path, count: int) -> list[str]:
    """Rows of the first table."""
    app = application(job_store=SqliteJobStore(folder / "requests.sqlite"))
    taken: dict[str, list[tuple[float, float]]] = {}
    for number in range(count):
        ways: dict[str, dict[str, str]] = {
            "without a key": {},
            "under an idempotency key": {"idempotency-key": f"key-{number}"},
            "answered again under its key": {"idempotency-key": "key-0"},
            "accepted as a job": {"prefer": "respond-async"},
        }
        for name, headers in ways.items():
            taken.setdefault(name, []).append(await request_ms(app, headers))
    return [_line(name, *zip(*each, strict=True)) for name, each in taken.items()]


def _line(name: str, cpu_ms: tuple[float, ...], wall_ms: tuple[float, ...]) -> str:
    deciles = statistics.quantiles(wall_ms, n=10)
    return f"| {name} | {statistics.median(cpu_ms):.2f} | {deciles[4]:.2f} | {deciles[0]:.2f} |"


def sqlite(folder: Path, count: int) -> Iterator[str]:
    """Rows of the second table."""
    path = folder / "lists.sqlite"
    yield from lists(SqliteJobStore(path, JobTerms(max_unfinished=count + 1)), count)
    size = sum(each.stat().st_size for each in folder.glob(f"{path.name}*"))
    yield f"| the file and its journal, bytes a job | {size / count:.0f} |"


def redis(url: str, count: int) -> Iterator[str]:
    """Rows of the third table."""
    client = Redis.from_url(url)
    before = _used_bytes(client)
    store = RedisJobStore(url, uuid4().hex, JobTerms(max_unfinished=count + 1))
    yield from lists(store, count)
    yield f"| the server's memory, bytes a job | {(_used_bytes(client) - before) / count:.0f} |"


def _used_bytes(client: Redis) -> int:
    told: dict[str, int] = client.info("memory")
    return told["used_memory"]


def lists(store: JobStore, count: int) -> Iterator[str]:
    """Rows with the CPU time of the operations of a store that has `count` queued jobs."""
    request = JobRequest("/api/v1/generate", SMALL, "unique", 1)
    began = time.process_time()
    for number in range(count):
        store.accept(Draft(f"job_{number}", Owner(f"key{number % 7}", "n"), "generate", request))
    yield f"| accept, CPU ms a job | {(time.process_time() - began) / count * 1000:.2f} |"
    yield from _pages(store, count)
    began = time.process_time()
    for _ in range(PAGE):
        claimed = store.claim()
        assert claimed is not None
        store.finish(claimed.lease, "succeeded", None)
    yield f"| claim and finish, CPU ms a job | {(time.process_time() - began) / PAGE * 1000:.2f} |"
    last = store.list(Selection(None), 1, None)[0]
    yield f"| place of the last job, CPU ms | {_median_ms(lambda: store.standing(last.id)):.2f} |"
    yield f"| one job, CPU ms | {_median_ms(lambda: store.get(last.id)):.2f} |"


def _median_ms(ask: Callable[[], object], times: int = 21) -> float:
    took = []
    for _ in range(times):
        began = time.process_time()
        ask()
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def _pages(store: JobStore, count: int) -> Iterator[str]:
    seen, cursor = 0, None
    peaks: list[float] = []
    took: list[float] = []
    tracemalloc.start()
    while True:
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.process_time()
        page = store.list(Selection(None), PAGE, cursor)
        took.append((time.process_time() - began) * 1000)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
        if not page:
            break
        seen, cursor = seen + len(page), page[-1].seq
    tracemalloc.stop()
    assert seen == count
    yield f"| page of {PAGE}, CPU ms: first, median, last | {_three(took, 2)} |"
    kib = [peak / 1024 for peak in peaks]
    yield f"| page of {PAGE}, peak KiB: first, median, last | {_three(kib, 0)} |"


def _three(values: list[float], digits: int) -> str:
    return ", ".join(f"{v:.{digits}f}" for v in (values[0], statistics.median(values), values[-2]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--redis", default=None, help="URL of an empty server, which this fills")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = asyncio.run(requests(Path(name), chosen.requests))
        sys.stdout.write(
            "| a small generation, nothing behind the API | CPU ms, p50 | wall ms, p50 | p10 |\n"
            "|---|---|---|---|\n"
        )
        sys.stdout.writelines(f"{row}\n" for row in rows)
        sys.stdout.write(f"\n| {chosen.jobs} queued jobs of 7 keys in SQLite | |\n|---|---|\n")
        for row in sqlite(Path(name), chosen.jobs):
            sys.stdout.write(f"{row}\n")
    if chosen.redis is not None:
        sys.stdout.write(f"\n| {chosen.jobs} queued jobs of 7 keys in Redis | |\n|---|---|\n")
        for row in redis(chosen.redis, chosen.jobs):
            sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
