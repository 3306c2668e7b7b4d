"""Runs `ray job submit` in a child process. Repeats it while no agent of Ray accepts the job."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

NO_AGENT = "No available agent"
"""Ray's message if no node has an agent for jobs. Nothing was submitted in this case."""
WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts. In each attempt, Ray itself searches for an agent for some seconds."""
_MOST_LINES, _MOST_LETTERS = 400, 4000


class JobCommand:
    """Runs `command` in a thread. Its output is kept for `said`."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        show: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`show` is called with each line of the standard output, in that thread."""
        self._command, self._cwd, self._environment = command, cwd, environment
        self._show, self._sleep = show, sleep
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._complaints = ""
        self._code: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def poll(self) -> int | None:
        """The exit code. None while it runs or is repeated."""
        return self._code

    def wait(self, timeout_s: float | None = None) -> int:
        """Block until it has ended, and return the exit code. Raises `TimeoutError` after
        `timeout_s` seconds."""
        self._thread.join(timeout_s)
        if self._code is None:
            raise TimeoutError(f"the job still runs after {timeout_s} s; it said:\n{self.said()}")
        return self._code

    def said(self) -> str:
        """The end of its standard output, and then of its standard error."""
        parts = ("".join(self._lines), self._complaints)
        return "\n".join(part.rstrip()[-_MOST_LETTERS:] for part in parts if part.strip())

    def _run(self) -> None:
        code = self._once()
        for wait_s in WAITS_S:
            if code == 0 or NO_AGENT not in self.said():
                break
            self._sleep(wait_s)
            self._lines.clear()
            code = self._once()
        self._code = code

    def _once(self) -> int:
        with tempfile.TemporaryFile("w+", errors="replace") as complaints:
            try:
                return self._follow(complaints)
            finally:
                complaints.seek(0)
                self._complaints = complaints.read()

    def _follow(self, complaints: IO[str]) -> int:
        with subprocess.Popen(
            list(self._command),
            cwd=self._cwd,
            env=dict(self._environment),
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                self._lines.append(line)
                self._show(line)
        return process.returncode
