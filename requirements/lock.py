"""Writes down every package of the container image with the SHA-256 of its files.

`make image-requirements` (or `python requirements/lock.py`) asks the package index and writes:

- `image.txt`: all that both images hold, from PyPI;
- `torch-cuda.txt`: PyPI's torch for Linux and the CUDA libraries that only it needs;
- `torch-cpu.txt`: PyTorch's own CPU build.

What is needed comes from pyproject.toml, the versions from constraints.txt: a package that is
needed and has no version there is an error. The image installs these files with
`pip install --require-hashes --no-deps`, so nothing else can get in. Linux on x86-64 only.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
EXTRAS = ("server", "faces", "tracing")
"""The extras of pyproject.toml that the image installs."""
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PLATFORM = "x86_64-manylinux_2_28"
PYTHON = "3.11.14"
COMMAND = (
    *(sys.executable, "-m", "uv", "pip", "compile", "--no-config", "--generate-hashes"),
    *("--no-annotate", "--no-header", "--only-binary", ":all:"),
    *("--python-platform", PLATFORM, "--python-version", PYTHON),
)
OF_TORCH = re.compile(r"torch|triton|nvidia-.+|cuda-.+")
HEAD = "# Made by `make image-requirements`; do not edit.\n"


def declared(pyproject: Path) -> list[str]:
    """The requirements of the image, as pyproject.toml writes them."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(line for name in EXTRAS for line in extras[name])]


def versions(text: str) -> dict[str, str]:
    """Normalized name to exact version of the `name==version` lines of a requirements file."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def entries(text: str) -> list[str]:
    """Each requirement with its hashes, in the order of the file."""
    return re.findall(r"^\S.*(?:\n +.*)*\n", re.sub(r"^#.*\n", "", text, flags=re.M), re.M)


def resolved(lines: list[str], *options: str) -> str:
    """What uv makes of the requirements under our constraints, with hashes.

    Raises SystemExit with uv's own words where they do not resolve."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.in"
        wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            [*COMMAND, "-c", str(ROOT / "constraints.txt"), *options, str(wanted)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def locked(cpu_index: str = CPU_INDEX) -> dict[str, str]:
    """File name to text of the three files.

    Args:
        cpu_index: the package index with PyTorch's CPU wheels.
    """
    every = entries(resolved(declared(ROOT / "pyproject.toml")))
    of_torch = [entry for entry in every if OF_TORCH.fullmatch(entry.partition("==")[0])]
    constraints = versions((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    if unknown := versions("".join(every)).items() - constraints.items():
        raise SystemExit(f"not in constraints.txt: {sorted(unknown)}")
    cpu = resolved(["torch"], "--no-deps", "--index-url", cpu_index)
    if unhashed := [entry for entry in [*every, *entries(cpu)] if "--hash=sha256:" not in entry]:
        raise SystemExit(f"without a hash: {unhashed}")
    return {
        "image.txt": HEAD + "".join(entry for entry in every if entry not in of_torch),
        "torch-cuda.txt": HEAD + "".join(of_torch),
        "torch-cpu.txt": HEAD + "".join(entries(cpu)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-index", default=CPU_INDEX, help="the index of PyTorch's CPU wheels")
    for name, text in locked(parser.parse_args().cpu_index).items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
