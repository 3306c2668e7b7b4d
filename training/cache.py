"""Where the stages keep what they made, and small helpers to write it whole."""

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
    """Paths of one training cache. Nothing in it belongs into a repository."""

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
        help="folder of everything the stages make",
    )
    made.add_argument("--seed", type=int, default=0)
    return made


def save_arrays(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], *, packed: bool = False
) -> None:
    """Write an npz whole: beside, then renamed; ``packed``: compressed, to travel."""
    beside = path.with_suffix(".part.npz")
    write = np.savez_compressed if packed else np.savez
    write(beside, allow_pickle=False, **arrays)
    os.replace(beside, path)


def save_state(path: Path, state: Mapping[str, object]) -> None:
    """Write a torch checkpoint whole: beside, then renamed."""
    beside = path.with_suffix(".part")
    torch.save(dict(state), beside)
    os.replace(beside, path)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint of tensors and plain values, or None where there is none."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
