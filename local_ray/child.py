"""A local Ray with a dashboard in a child process, for demos, tests and benchmarks.

It does not connect to another Ray and does not stop one. Killing the process kills all of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError, URLError

from local_ray.environment import closed_ray
from local_ray.running import free_port, local_ray, private_ray_folder
from local_ray.words import words_in

REPOSITORY = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 180.0
_STORE_BYTES = 200 * 2**20
_MOST_LETTERS = 4000


class ClusterFailed(Exception):
    """Ray did not start. The message contains its last output."""


class ChildRay:
    """A Ray that runs between `__enter__` and `__exit__` (or `kill`). `address`: its dashboard.

    `environment` is added to the environment of this process. The result, `self.environment`, is
    also needed by commands that use this Ray, because it says where the token is.
    """

    def __init__(self, num_cpus: int = 4, environment: Mapping[str, str] | None = None) -> None:
        self._num_cpus = num_cpus
        given = dict(environment or {})
        self.environment = {
            **os.environ,
            # The entry point of a job calls `python`, which must be this interpreter.
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(REPOSITORY),
            **given,
            **closed_ray({**os.environ, **given}),
        }

    def __enter__(self) -> ChildRay:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        with ExitStack() as stack:
            folder = stack.enter_context(private_ray_folder())
            self._log = stack.enter_context(tempfile.TemporaryFile())
            command = [sys.executable, "-m", "local_ray.child", str(folder)]
            self._process = subprocess.Popen(
                [*command, str(port), str(self._num_cpus)],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._wait()
            self._folder = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut it down. Kill it if that takes more than a minute."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._folder.close()

    def kill(self) -> None:
        """Send SIGKILL to all its processes at once, as if the machine had failed."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait(self) -> None:
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.5)
        self.kill()
        raise ClusterFailed(f"no Ray at {self.address}; its output:\n{self.said()}")

    def said(self) -> str:
        """The end of the child's output."""
        return words_in(self._log)[-_MOST_LETTERS:]

    def _answers(self) -> bool:
        """Whether the dashboard answers. A refusal without a token is an answer too."""
        try:
            with urllib.request.urlopen(f"{self.address}/api/version", timeout=5):
                return True
        except HTTPError as error:
            return error.code in (401, 403)
        except (URLError, TimeoutError, ConnectionError):
            return False


def serve(folder: str, port: int, num_cpus: int) -> None:
    """Run Ray until standard input is closed. The child process calls this."""
    with local_ray(Path(folder), num_cpus, dashboard_port=port, object_store_bytes=_STORE_BYTES):
        sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
