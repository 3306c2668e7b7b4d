"""Causes one fault under load, and records how the requests before, during and after it end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.faults.bed import is_ready, until_ready
from benchmarks.faults.checking import check
from benchmarks.faults.inflicting import Fault
from benchmarks.faults.report import Row
from benchmarks.faults.requests import ROUND, Ask, Client, End, ended, kept_jobs

RATE_PER_S = 2.0
LOOK_EVERY_S = 0.5
Round = Sequence[tuple[str, Ask]]


async def struck(
    client: Client,
    fault: Fault,
    root: Path,
    load_s: float,
    before_s: float = 3.0,
    mix: Round = ROUND,
) -> Row:
    """Send requests for `before_s` seconds, strike, and send more for `load_s` seconds. Then wait
    until every request has ended and the service is ready. Clients repeat only requests of jobs."""
    client.jobs.clear()
    client.sent.clear()
    url = str(client.http.base_url.copy_with(path="")).rstrip("/")
    began, tasks, struck_s = time.monotonic(), [], 0.0
    prefix = f"{fault.name.replace(' ', '-')}-{int(began)}"
    watch = asyncio.create_task(_unready(url, began + before_s))
    for number in range(int((before_s + max(load_s, fault.least_s)) * RATE_PER_S)):
        await asyncio.sleep(max(0.0, began + number / RATE_PER_S - time.monotonic()))
        if not struck_s and time.monotonic() - began >= before_s:
            struck_s = time.monotonic()
            await asyncio.to_thread(fault.strike)
        kind, ask = mix[number % len(mix)]
        tasks.append(asyncio.create_task(ended(client, kind, ask, f"{prefix}-{number}")))
    await asyncio.to_thread(fault.lift)
    ends: list[End] = list(await asyncio.gather(*tasks))
    is_back = await until_ready(url)
    not_ready_s = await _told(watch)
    findings = await asyncio.to_thread(check, root, ends, await kept_jobs(client))
    seen = fault.seen if is_back else [*fault.seen, "not ready again"]
    return Row(fault.name, ends, findings, struck_s, not_ready_s, seen)


async def _unready(url: str, from_s: float) -> float:
    """Runs until it is canceled. Returns the seconds in which the service was not ready."""
    not_ready_s, last = 0.0, from_s
    try:
        await asyncio.sleep(max(0.0, from_s - time.monotonic()))
        while True:
            was_ready = await is_ready(url)
            now = time.monotonic()
            not_ready_s, last = not_ready_s + (0.0 if was_ready else now - last), now
            await asyncio.sleep(LOOK_EVERY_S)
    except asyncio.CancelledError:
        return not_ready_s


async def _told(watch: asyncio.Task[float]) -> float:
    watch.cancel()
    return await watch


def with_buckets(row: Row, differs: Callable[[str, int], str], sent: dict[str, int]) -> Row:
    """The row with `bucket_differs`. `differs` gets the prefix and the number of images."""
    found = ((tag, differs(tag, count)) for tag, count in sent.items())
    told = tuple(f"{tag}: {difference}" for tag, difference in found if difference)
    return replace(row, findings=replace(row.findings, bucket_differs=told))
