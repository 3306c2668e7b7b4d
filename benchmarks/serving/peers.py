"""Makes environments for compared servers whose packages conflict with ours.

Each server gets a virtual environment with its own packages. It also sees torch and diffusers of
our environment, so that nothing large is installed twice. The environment is kept for later runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PEERS: Mapping[str, str] = {"bentoml": "bentoml==1.4.40", "mosec": "mosec==0.9.8"}
"""Peer to its requirement, exact: figures name the version."""

_BEHIND = "zz_behind.pth"
"""Read last, so that the peer's own packages are found first."""
Run = Callable[[Sequence[str]], None]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the environments are kept: below XDG's cache folder."""
    home = Path(environment.get("HOME") or Path.home())
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "inferloop-benchmarks"


def interpreter(
    peer: str, folder: Path, run: Run = lambda command: _run(command), ours: Path | None = None
) -> Path:
    """The Python of the peer's environment in `folder`, which is made if it is not there or not
    whole. `run` runs a command to its end; `ours` are the packages behind the peer's own.

    Raises:
        SystemExit: the packages cannot be installed.
    """
    requirement = PEERS[peer]
    place = folder / requirement.replace("==", "-")
    python, whole = place / "bin" / "python", place / "whole"
    if whole.exists():
        return python
    sys.stderr.write(f"installing {requirement} in {place}\n")
    run([sys.executable, "-m", "venv", "--clear", str(place)])
    run([str(python), "-m", "pip", "install", "--quiet", requirement])
    behind = ours or Path(sysconfig.get_paths()["purelib"])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (place / "lib" / version / "site-packages" / _BEHIND).write_text(f"{behind}\n")
    whole.touch()
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
