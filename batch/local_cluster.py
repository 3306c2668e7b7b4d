"""A Ray of its own with a dashboard, as a child process: for the demo, tests and benchmarks.

It joins no other Ray and stops none; killing the process kills all of it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

REPOSITORY = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 180.0


class ClusterFailed(Exception):
    """The cluster did not come up."""


class LocalCluster:
    """Between `__enter__` and `__exit__` (or `kill`) there is a Ray at `address`."""

    def __init__(self, num_cpus: int = 4, environment: Mapping[str, str] | None = None) -> None:
        self._num_cpus = num_cpus
        self.environment = {
            **os.environ,
            # A job's entry point says `python`: it shall be this one.
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(REPOSITORY),
            "RAY_AUTH_MODE": "disabled",
            "RAY_USAGE_STATS_ENABLED": "0",
            **(environment or {}),
        }

    def __enter__(self) -> LocalCluster:
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        # Short: Ray makes sockets in it, whose paths have at most 107 bytes.
        self._folder = tempfile.TemporaryDirectory(
            prefix="rc", dir="/tmp", ignore_cleanup_errors=True
        )
        command = [sys.executable, "-m", "batch.local_cluster", self._folder.name]
        self._process = subprocess.Popen(
            [*command, str(port), str(self._num_cpus)],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Let it shut down in order; after a minute, kill it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._folder.cleanup()

    def kill(self) -> None:
        """SIGKILL to everything at once: no goodbye, as when a machine dies."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait(self) -> None:
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/api/version", timeout=5):
                    return
            except (URLError, TimeoutError, ConnectionError):
                time.sleep(0.5)
        self.kill()
        raise ClusterFailed(f"no Ray at {self.address} after {START_TIMEOUT_S:g} s")


def serve(folder: str, port: int, num_cpus: int) -> None:
    """Run in the child: a Ray until standard input ends."""
    import ray

    ray.init(
        address="local",
        num_cpus=num_cpus,
        include_dashboard=True,
        dashboard_host="127.0.0.1",
        dashboard_port=port,
        object_store_memory=200 * 2**20,
        log_to_driver=False,
        _temp_dir=folder,
    )
    sys.stdin.read()
    ray.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
