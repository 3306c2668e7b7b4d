"""The folder with the files of the stages, and helpers that write files atomically."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cache:
    """Paths in one training cache. Its files must not be committed."""

    root: Path

    def file(self, name: str) -> Path:
        """Return the path of ``name``; its folder exists afterwards."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return an argument parser with the options that every stage has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--cache",
        type=Path,
        default=Path(".training-cache"),
        help="folder for the files of all stages",
    )
    made.add_argument("--seed", type=int, default=0)
    return made


def save_arrays(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], *, packed: bool = False
) -> None:
    """Write an npz file atomically: as a temporary file that is then renamed. ``packed``: compress
    it."""
    beside = path.with_suffix(".part.npz")
    write = np.savez_compressed if packed else np.savez
    write(beside, allow_pickle=False, **arrays)
    os.replace(beside, path)


def save_state(path: Path, state: Mapping[str, object]) -> None:
    """Write a torch checkpoint atomically: as a temporary file that is then renamed."""
    beside = path.with_suffix(".part")
    torch.save(dict(state), beside)
    os.replace(beside, path)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint of tensors and plain values; None if there is no file."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
