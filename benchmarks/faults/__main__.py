"""Sends a steady mix of requests to a service while parts of it fail.

    python -m benchmarks.faults [--seconds 25] [--only NAME ...]

Prints a table for benchmarks/RESULTS.md. Faults of the file system need the right to mount. Faults
that end the whole Ray or remove the data root are tested with a separate service.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.faults import disks, inflicting, s3_server
from benchmarks.faults.bed import Bed, client_of, until_ready, upload_objects
from benchmarks.faults.inflicting import Fault
from benchmarks.faults.report import HEAD, Row, line
from benchmarks.faults.requests import S3_ROUND
from benchmarks.faults.s3_server import FaultyS3
from benchmarks.faults.striking import struck, with_buckets

DISK_BYTES = 64 * 2**20
KILLED = ("diffusion-default", "ingress", "quality", "privacy", "exporter")
HUNG = ("diffusion-default", "quality", "exporter", "rate-limiter")
INGRESS_HUNG_S, STARTS_ANEW_S = 45.0, 75.0
OBJECTS = 40
S3_MODES = (
    s3_server.SLOW,
    s3_server.CUT,
    s3_server.BUSY,
    s3_server.DIGEST,
    s3_server.ETAG,
    s3_server.LOST,
)


@dataclass(frozen=True)
class Chosen:
    """The arguments of the command line."""

    load_s: float
    only: Sequence[str] | None

    def wanted(self, faults: Sequence[Fault]) -> list[Fault]:
        return [fault for fault in faults if self.only is None or fault.name in self.only]


def of_parts(pid: int, root: Path, has_disk: bool) -> list[Fault]:
    """The faults that leave Ray and the launcher running, in their order."""
    kills = [inflicting.killed(pid, name) for name in KILLED]
    kills += [
        inflicting.killed_whenever_up(pid, "diffusion-default"),
        inflicting.actor_killed(pid, "controller", "ServeController"),
        inflicting.actor_killed(pid, "proxy", "ProxyActor"),
    ]
    hangs = [inflicting.hung(pid, name) for name in HUNG]
    hangs.append(inflicting.hung(pid, "ingress", INGRESS_HUNG_S))
    disk = [disks.disk_full(root), disks.read_only(root)] if has_disk else []
    return [Fault("none", lambda: None), *kills, *hangs, *disk]


def ray_killed(name: str, bed: Bed) -> Fault:
    return inflicting.ray_process_killed(bed.service.pid, name, STARTS_ANEW_S)


def launcher_killed(bed: Bed) -> Fault:
    """Kill only the launcher with SIGKILL, and start it again, as systemd would do."""

    def strike() -> None:
        bed.kill_launcher()
        bed.start()

    return Fault("launcher killed", strike, least_s=STARTS_ANEW_S)


WHOLE: Mapping[str, Callable[[Bed], Fault]] = {
    **{f"{name} killed": partial(ray_killed, name) for name in inflicting.RAY_PROCESSES},
    "launcher killed": launcher_killed,
    "data root gone": lambda bed: disks.data_root_gone(bed.root),
}
"""Faults that need a separate service each."""


def of_s3(server: FaultyS3) -> list[Fault]:
    def turn(mode: str) -> None:
        server.mode = mode

    modes = [
        Fault(f"S3 {mode}", partial(turn, mode), partial(turn, s3_server.WELL)) for mode in S3_MODES
    ]
    return [*modes, Fault(f"S3 refuses for {s3_server.AWAY_S:g} s", server.go_away)]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_failed(row: Row) -> None:
    """Print each request that failed, on standard error."""
    for end in row.ends:
        if not end.is_ok:
            took_s = end.ended_s - end.began_s
            sys.stderr.write(
                f"{end.tag} {end.kind}: {end.outcome} after {took_s:.1f} s {end.why}\n"
            )
    sys.stderr.flush()


@contextmanager
def running(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Bed]:
    bed = Bed(folder, environment)
    bed.start()
    try:
        bed.service.wait_until_ready()
        yield bed
    finally:
        bed.stop()


async def strike_all(bed: Bed, faults: Sequence[Fault], load_s: float) -> None:
    async with client_of(bed.service, bed.root) as client:
        for fault in faults:
            await _ready(bed, fault)
            row = await struck(client, fault, bed.root, load_s)
            say(line(row))
            tell_failed(row)


async def strike_s3(bed: Bed, server: FaultyS3, faults: Sequence[Fault], load_s: float) -> None:
    differs = partial(s3_server.differs, server.client())
    async with client_of(bed.service, bed.root) as found:
        client = replace(found, bucket=s3_server.BUCKET)
        await upload_objects(client, OBJECTS)
        for fault in faults:
            row = await struck(client, fault, bed.root, load_s, mix=S3_ROUND)
            say(line(await asyncio.to_thread(with_buckets, row, differs, client.sent)))
            tell_failed(row)


async def _ready(bed: Bed, fault: Fault) -> None:
    if not await until_ready(bed.service.url):
        say(f"not ready; the fault is caused anyway: {fault.name}")


def parts(folder: Path, chosen: Chosen) -> None:
    if not chosen.wanted(of_parts(0, folder, has_disk=True)):
        return
    root = folder / "data"
    has_disk = disks.own_file_system(root, DISK_BYTES)
    if not has_disk:
        say("Not run: faults of the disk, because mounting is not allowed here.")
    try:
        with running(folder) as bed:
            faults = chosen.wanted(of_parts(bed.service.pid, root, has_disk))
            asyncio.run(strike_all(bed, faults, chosen.load_s))
    finally:
        if has_disk:
            with suppress(OSError):
                disks.without_file_system(root)


def whole(folder: Path, chosen: Chosen, name: str) -> None:
    if chosen.only is None or name in chosen.only:
        with running(folder) as bed:
            asyncio.run(strike_all(bed, [WHOLE[name](bed)], chosen.load_s))


def s3(folder: Path, chosen: Chosen) -> None:
    server = FaultyS3(random.Random(1))
    faults = chosen.wanted(of_s3(server))
    try:
        if faults:
            with running(folder, server.environment()) as bed:
                asyncio.run(strike_s3(bed, server, faults, chosen.load_s))
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=25.0, help="seconds of load after each fault"
    )
    parser.add_argument("--only", nargs="+", default=None, help="names of the faults to cause")
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # so that the started services are stopped
    chosen = Chosen(options.seconds, options.only)
    say(HEAD)
    stages: list[Callable[[Path, Chosen], None]] = [
        parts,
        *(partial(whole, name=name) for name in WHOLE),
        s3,
    ]
    for stage in stages:
        with tempfile.TemporaryDirectory(prefix="faults-") as name:
            stage(Path(name), chosen)


if __name__ == "__main__":
    main()
