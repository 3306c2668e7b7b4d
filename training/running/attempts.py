"""Trials of a machine in processes of their own: some could end a process or spoil its device."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Trial:
    """A process, begun when this is made, that prints ``works: NAME`` for what works. ``command``
    is what it runs, ``told`` the file of what it prints, ``limit_s`` the seconds it has."""

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
        """Wait for its end, within its time and at most so many seconds more; return what it found
        to work until then, and tell it."""
        try:
            left = max(0.0, self.limit_s - (time.monotonic() - self._began))
            status: int | str = self._process.wait(min(left, patience_s))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            status = "its time was over"
        name = self.told.stem
        lines = self.told.read_text(errors="replace").splitlines()
        found = frozenset(line.split()[1] for line in lines if line.startswith("works: "))
        if status != 0:
            print(f"trial of {name}: ended by {status}: {lines[-3:]}", flush=True)
        seconds = time.monotonic() - self._began
        print(f"trial of {name}: {sorted(found)}, {seconds:.0f} s after its start", flush=True)
        return found
