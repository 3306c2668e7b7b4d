"""What keeping jobs costs: a request under an idempotency key, and long lists of jobs.

    python -m benchmarks.jobs --jobs 100000 --requests 300

Requests go through the production application over a generation that answers at once, in this
process, and are counted in CPU time, so that neighbors on the machine do not matter. Lists are
read in pages of 100 from a SQLite file; memory is Python's own peak (tracemalloc) while a page is
read.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI

from benchmarks.jobs_application import SMALL, application, generate
from engines.jobs.model import Draft, JobRequest, JobTerms, Owner, Selection
from engines.jobs.sqlite.store import SqliteJobStore

PAGE = 100


async def request_ms(app: FastAPI, headers: dict[str, str]) -> float:
    """CPU milliseconds of one generation through the whole application."""
    began = time.process_time()
    status = await generate(app, headers)
    took = time.process_time() - began
    assert status in (200, 202), status
    return took * 1000


async def requests(folder: Path, count: int) -> list[str]:
    """Lines of the first table."""
    ways: dict[str, list[dict[str, str]]] = {
        "as ever": [{}] * count,
        "under an idempotency key": [{"idempotency-key": f"key-{n}"} for n in range(count)],
        "answered again under its key": [{"idempotency-key": "key-1"}] * count,
        "accepted as a job": [{"prefer": "respond-async"}] * count,
    }
    app = application(job_store=SqliteJobStore(folder / "requests.sqlite"))
    lines = []
    for name, sent in ways.items():
        took = [await request_ms(app, headers) for headers in sent]
        lines.append(f"| {name} | {statistics.median(took):.2f} |")
    return lines


def lists(folder: Path, count: int) -> Iterator[str]:
    """Lines of the second table."""
    store = SqliteJobStore(folder / "lists.sqlite", JobTerms(max_unfinished=count + 1))
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
    began = time.process_time()
    store.standing(last.id)
    yield f"| place of the last job, CPU ms | {(time.process_time() - began) * 1000:.2f} |"


def _pages(store: SqliteJobStore, count: int) -> Iterator[str]:
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
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = asyncio.run(requests(Path(name), chosen.requests))
        sys.stdout.write(
            "| a small generation, nothing behind the API | CPU ms, p50 |\n|---|---|\n"
        )
        sys.stdout.writelines(f"{row}\n" for row in rows)
        sys.stdout.write(f"\n| {chosen.jobs} queued jobs of 7 keys in SQLite | |\n|---|---|\n")
        for row in lists(Path(name), chosen.jobs):
            sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
