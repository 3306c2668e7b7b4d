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
"""Server to its exact requirement, because results depend on the version."""

_BEHIND = "zz_behind.pth"
"""This name is sorted last, so that Python finds the server's own packages first."""
Run = Callable[[Sequence[str]], None]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the environments, in the XDG cache folder."""
    home = Path(environment.get("HOME") or Path.home())
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "inferloop-benchmarks"


def interpreter(
    peer: str, folder: Path, run: Run = lambda command: _run(command), ours: Path | None = None
) -> Path:
    """The Python of the server's environment in `folder`. Makes the environment if it is missing
    or incomplete. `run` runs a command until it ends; `ours` is the folder of the packages that
    the environment also sees.

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
