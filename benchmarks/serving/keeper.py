"""Runs a server that ends together with the benchmark, with all its child processes.

    python -m benchmarks.serving.keeper COMMAND [ARGUMENT ...]

Runs the command until it ends or standard input is closed. The benchmark has the other end of this
pipe, which is closed when the benchmark ends, also when it is killed. Servers such as BentoML start
workers in their own sessions, which a signal to the process group does not reach. On Linux these
become children of this process when their parent ends (PR_SET_CHILD_SUBREAPER, prctl(2)), so that
they can be ended too.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import psutil

PATIENCE_S = 10.0
"""Seconds that the server has to end; then it and its workers are killed."""
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends. No effect except on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_all(patience_s: float) -> None:
    """Send SIGTERM to every descendant of this process, and kill those that still run after
    `patience_s` seconds. Blocks until none is left."""
    asked = _descendants()
    for process in asked:
        _signal(process, signal.SIGTERM)
    psutil.wait_procs(asked, timeout=patience_s)
    while left := _descendants():  # also those that were started meanwhile
        for process in left:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=patience_s)


def keep(command: Sequence[str], patience_s: float = PATIENCE_S) -> int:
    """Run the command. Returns its exit status, or 0 if standard input was closed first."""
    adopt_orphans()
    process = subprocess.Popen(list(command), stdin=subprocess.DEVNULL, start_new_session=True)
    over = threading.Event()
    threading.Thread(target=_at_end_of_input, args=(over,), daemon=True).start()
    threading.Thread(target=_at_exit_of, args=(process, over), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, lambda *_: over.set())
    over.wait()
    status = process.poll()
    end_all(patience_s)
    return 0 if status is None else status


def _at_end_of_input(over: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    over.set()


def _at_exit_of(process: subprocess.Popen[bytes], over: threading.Event) -> None:
    process.wait()
    over.set()


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
