"""Trials of ways to use a machine. They run in separate processes, because some can end the process
or leave its device unusable."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Trial:
    """A process that prints ``works: NAME`` for each thing that works. It is started at once.
    ``command``: its command; ``told``: file for its output; ``limit_s``: its time limit."""

    command: Sequence[str]
    told: Path
    limit_s: float
    _process: "subprocess.Popen[bytes]" = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        with self.told.open("wb") as out:
            self._process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)

    def able(self, patience_s: float = float("inf")) -> frozenset[str]:
        """Wait for its end, until its time limit but at most ``patience_s`` seconds from now; then
        it is killed. Prints and returns the names that worked until then."""
        try:
            left = max(0.0, self.limit_s - (time.monotonic() - self._began))
            status: int | str = self._process.wait(min(left, patience_s))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            status = "its time limit"
        name = self.told.stem
        lines = self.told.read_text(errors="replace").splitlines()
        found = frozenset(line.split()[1] for line in lines if line.startswith("works: "))
        if status != 0:
            print(f"trial of {name}: ended by {status}: {lines[-3:]}", flush=True)
        seconds = time.monotonic() - self._began
        print(f"trial of {name}: {sorted(found)}, {seconds:.0f} s after its start", flush=True)
        return found
