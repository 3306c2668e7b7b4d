"""Steady mixed load against the launcher's own service while its parts fail.

    python -m benchmarks.faults [--seconds 25] [--only NAME ...]

Prints a table for benchmarks/RESULTS.md. Faults of the file system need the right to mount.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.faults import inflicting
from benchmarks.faults.bed import ENVIRONMENT, client_of, struck, tiny_config, until_ready
from benchmarks.faults.inflicting import Fault
from benchmarks.faults.report import HEAD, Row, line
from deployments.local.child_service import Service

DISK_BYTES = 64 * 2**20
READY_WITHIN_S = 180.0
KILLED = ("diffusion-default", "ingress", "quality", "privacy", "exporter")


def planned(pid: int, root: Path, has_disk: bool) -> list[Fault]:
    """Every fault, in the order in which they are done."""
    kills = [inflicting.killed(pid, name) for name in KILLED]
    kills += [
        inflicting.actor_killed(pid, "controller", "ServeController"),
        inflicting.actor_killed(pid, "proxy", "ProxyActor"),
    ]
    hangs = [inflicting.hung(pid, "diffusion-default")]
    disk = [inflicting.disk_full(root), inflicting.read_only(root)] if has_disk else []
    return [Fault("none", lambda: None), *kills, *hangs, *disk]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def strike_all(
    service: Service, root: Path, has_disk: bool, load_s: float, wanted: Callable[[Fault], bool]
) -> list[Row]:
    rows = []
    async with client_of(service, root) as client:
        for fault in filter(wanted, planned(service.pid, root, has_disk)):
            if not await until_ready(service.url, time.monotonic() + READY_WITHIN_S):
                say(f"not ready after {READY_WITHIN_S:.0f} s; struck all the same: {fault.name}")
            rows.append(await struck(client, fault, root, load_s))
            say(line(rows[-1]))
    return rows


@contextmanager
def service_in(folder: Path, root: Path) -> Iterator[Service]:
    service = Service(root, tiny_config(folder), ENVIRONMENT)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0, help="of load after each fault")
    parser.add_argument("--only", nargs="+", default=None, help="faults by name")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        root = folder / "data"
        has_disk = inflicting.own_file_system(root, DISK_BYTES)
        if not has_disk:
            say("Not run: faults of the disk, because nobody may mount here.")
        try:
            with service_in(folder, root) as service:
                say(HEAD)
                asyncio.run(
                    strike_all(
                        service,
                        root,
                        has_disk,
                        chosen.seconds,
                        lambda fault: chosen.only is None or fault.name in chosen.only,
                    )
                )
        finally:
            if has_disk:
                with suppress(OSError):
                    inflicting.without_file_system(root)


if __name__ == "__main__":
    main()
