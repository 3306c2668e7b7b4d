"""A process that takes the lock of an export, writes half a file and prints a line. A test then
kills or stops it, or sends it a line, after which it publishes the file.

    python -m tests.faults.exporting_process ROOT TARGET TTL_S
"""

from __future__ import annotations

import sys
from pathlib import Path

from engines.datasets.store.store import utc_now
from engines.datasets.writers.lock import hold_lock
from engines.errors import Conflict
from engines.storage.folder.storage import FolderStorage


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(root: str, target: str, ttl_s: str) -> None:
    storage = FolderStorage(Path(root))
    try:
        with (
            hold_lock(storage, target, utc_now, float(ttl_s)) as lock,
            storage.create(target) as file,
        ):
            file.write(b"half")
            file.flush()
            say("half written")
            sys.stdin.readline()
            lock.renew(force=True)
        say("published")
    except Conflict as error:
        say(error.message)


if __name__ == "__main__":
    main(*sys.argv[1:])
