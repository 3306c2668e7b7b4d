"""Starts the launcher as a child process, for the demo, the benchmarks and the tests."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.local.asking import answers
from local_ray.environment import ray_headers, token_mode
from local_ray.running import free_port
from local_ray.words import words_in

REPOSITORY = Path(__file__).resolve().parents[2]
WHILE_INPUT_IS_OPEN = "--while-input-is-open"
"""Option of the launcher: it ends when its standard input is closed."""
START_TIMEOUT_S = 300.0
LOOK_EVERY_S = 0.25
ANSWER_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 180.0
"""It can take long, because replicas finish their requests, one deployment after another."""


class StartFailed(Exception):
    """The service ended, or was not ready in time. The message contains its last output."""


class Service:
    """The service, started by the launcher as a child process.

    It has its own API key and port, unless `environment` contains them. `options` are passed to
    the launcher. It stops when this process ends, also if this process is killed.
    """

    def __init__(
        self,
        data_root: Path,
        config: Path = REPOSITORY / "configs" / "local.yaml",
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        own = {
            "INFERLOOP_API_KEYS": "ifl_" + secrets.token_urlsafe(16),
            "INFERLOOP_PORT": str(free_port()),
            "INFERLOOP_DATA_ROOT": str(data_root),
            **(environment or {}),
        }
        self.key = own["INFERLOOP_API_KEYS"]
        self.url = f"http://127.0.0.1:{own['INFERLOOP_PORT']}"
        self._environment = {**os.environ, **own}
        self._printed = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "deployments.local.launch", WHILE_INPUT_IS_OPEN),
                *("--config", str(config), *options),
            ],
            cwd=REPOSITORY,
            env=self._environment,
            stdin=subprocess.PIPE,  # never written to; it is closed when this process ends
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self) -> None:
        """Block until `/readyz` answers with status 200. Raises `StartFailed` with the launcher's
        last output if it ends or is not ready in time."""
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise StartFailed(f"The service stopped while starting:\n{self.said()[-4000:]}")
            if answers(f"{self.url}/readyz", ANSWER_TIMEOUT_S):
                return
            time.sleep(LOOK_EVERY_S)
        raise StartFailed(f"Not ready after {START_TIMEOUT_S:g} s:\n{self.said()[-4000:]}")

    @property
    def pid(self) -> int:
        """Process id of the launcher."""
        return self._process.pid

    def dashboard(self) -> str:
        """Address of the dashboard of its Ray. It is printed before the application is deployed;
        raises `StartFailed` before that."""
        found = re.search(r"Ray's dashboard: (\S+)", self.said())
        if found is None or found[1] == "none":
            raise StartFailed(f"The launcher named no dashboard:\n{self.said()[-4000:]}")
        return found[1]

    def ray_headers(self) -> dict[str, str]:
        """The HTTP header that its Ray requires, for example for the dashboard's REST API."""
        return ray_headers({**self._environment, **token_mode(self._environment)})

    def said(self) -> str:
        """Everything that the launcher has printed."""
        if not self._log.closed:
            self._printed = words_in(self._log)
        return self._printed

    def stop(self) -> int:
        """Stop the service and return its exit code. Blocks until its requests have ended."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        code = self._process.wait(timeout=STOP_TIMEOUT_S)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self.said()
        self._log.close()
        return code
