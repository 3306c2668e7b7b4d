"""`make serve`: runs the service in the foreground with a private Ray. Ctrl-C stops everything.

The service is a child process that imports Ray. This process does not import it, so that it
survives when a part of Ray dies, and keeps its own signal handlers. It watches the child and
restarts it once if it dies. A second Ctrl-C does not wait for running requests.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import psutil
from pydantic import ValidationError

from deployments.local.asking import answers
from deployments.local.child_service import WHILE_INPUT_IS_OPEN
from deployments.local.serving import parser, reachable_url, say, stop_at_end_of_input
from deployments.local.supervision import Supervisor
from deployments.settings import Settings, wrong_settings
from local_ray.running import private_ray_folder

STOP_TIMEOUT_S = 150.0
"""Replicas have this time to finish their requests. After it, all processes are killed."""
KILL_TIMEOUT_S = 10.0
_HEALTH_TIMEOUT_S = 5.0
_VITAL = frozenset({"raylet", "gcs_server"})


class ServiceProcess:
    """One run of `deployments.local.serving` with all its child processes. See `Watched`."""

    def __init__(self, options: list[str], folder: Path, url: str, hurry: threading.Event) -> None:
        """If `hurry` is set, `stop` does not wait for running requests."""
        self._url = url
        self._hurry = hurry
        self._process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "deployments.local.serving", "--ray-folder", str(folder), *options),
            ],
            stdin=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C reaches only this process
        )
        self._family: dict[int, psutil.Process] = {}
        self._vital: dict[str, psutil.Process] = {}

    def ended(self) -> int | None:
        return self._process.poll()

    def lost(self) -> str:
        self._look()
        gone = [name for name, process in self._vital.items() if not _runs(process)]
        return " and ".join(sorted(gone))

    def answers(self) -> bool:
        return answers(f"{self._url}/healthz", _HEALTH_TIMEOUT_S)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        give_up = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < give_up and not self._hurry.is_set():
            if self._process.poll() is not None:
                break
            if self.lost():  # Ray has ended: the service is nearly done, or it hangs
                give_up = min(give_up, time.monotonic() + KILL_TIMEOUT_S)
            time.sleep(0.2)
        self._end(KILL_TIMEOUT_S)  # Ray's processes end after their parent; others are killed

    def kill(self) -> None:
        self._end(0.0)

    def _end(self, patience_s: float) -> None:
        self._look()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        _, left = psutil.wait_procs(list(self._family.values()), timeout=patience_s)
        for process in left:
            if process.is_running():
                process.kill()
        psutil.wait_procs(left, timeout=KILL_TIMEOUT_S)

    def _look(self) -> None:
        """Remember all child processes, because they cannot be found after their parent died."""
        try:
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._family |= {child.pid: child for child in children}
            self._vital |= {
                child.name(): child
                for child in children
                if child.name() in _VITAL and child.ppid() == self._process.pid
            }
        except psutil.NoSuchProcess:
            return


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop_on_signals() -> tuple[threading.Event, threading.Event]:
    """An event that the first SIGINT or SIGTERM sets, and one that the second sets."""
    stop, hurry = threading.Event(), threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            hurry.set()
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop, hurry


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 after a normal stop, 1 if the service did not start or died and was not restarted,
    and 2 for wrong options or settings."""
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument(WHILE_INPUT_IS_OPEN, action="store_true")
    chosen, options = own.parse_known_args(arguments)
    parser().parse_args(options)
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"The service does not start: {wrong_settings(error)}", file=sys.stderr)
        return 2
    stop, hurry = stop_on_signals()
    if chosen.while_input_is_open:
        stop_at_end_of_input(sys.stdin, stop)
    url = reachable_url(settings.host, settings.port)

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(private_ray_folder())
        except OSError as error:
            print(f"The service does not start: no folder for Ray: {error}", file=sys.stderr)
            return 1
        runs = 0

        def start() -> ServiceProcess:
            nonlocal runs
            runs += 1  # A new folder for each run: a dead Ray may have left files in the old one.
            return ServiceProcess(options, folder.parent / f"r{runs}", url, hurry)

        return Supervisor(start, stop, say).run()


if __name__ == "__main__":
    sys.exit(main())
