"""Compares the answers to clients with the data root: what was lost, made twice, or left
incomplete."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks.faults.requests import End, KeptJob

DATASET = "generated/load"


@dataclass(frozen=True, slots=True)
class Findings:
    """Faults of one data root. All fields must be empty, except `kept`."""

    lost: tuple[str, ...] = ()
    """Tags of requests that were answered with success, but whose file does not exist."""
    twice: tuple[str, ...] = ()
    """Tags of requests for which more than one image is stored."""
    kept: tuple[str, ...] = ()
    """Tags of requests that ended with an error, but whose image is stored."""
    without_recipe: tuple[str, ...] = ()
    without_image: tuple[str, ...] = ()
    not_indexed: tuple[str, ...] = ()
    temporary: tuple[str, ...] = ()
    """Temporary files and folders that a killed process left."""
    jobs_differ: tuple[str, ...] = ()
    """Tags of jobs that did not end exactly once in their store, or whose state there is not the
    one that the client got."""
    bucket_differs: tuple[str, ...] = ()
    """Exports to S3 whose objects are not those of the answer, with the difference."""

    def told(self) -> str:
        """The number of entries of each field except `kept`, in one line; "nothing" if all are
        empty."""
        names = [each.name for each in fields(self) if each.name != "kept"]
        counts = {name: len(getattr(self, name)) for name in names}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"


def check(root: Path, ends: Sequence[End], jobs: Mapping[str, KeptJob] | None = None) -> Findings:
    """Compare the answers to the clients with the files in the folder `root`, which nobody may
    write to meanwhile. `jobs`: tag to accepted job, as it is in the job store."""
    folder = root / DATASET
    recipes = {path.stem: _prompt(path) for path in _recipes(folder)}
    images = {path.stem for path in folder.glob("*.png") if "_anonymized" not in path.stem}
    made = Counter(_tag(prompt) for prompt in recipes.values())
    asked = {end.tag: end for end in ends if end.kind in ("generate", "socket", "job")}
    failed = (tag for tag, end in asked.items() if not end.is_ok)
    return Findings(
        lost=tuple(sorted(_lost(root, ends))),
        twice=tuple(sorted(tag for tag, count in made.items() if count > 1)),
        kept=tuple(sorted(tag for tag in failed if made[tag])),
        without_recipe=tuple(sorted(images - set(recipes))),
        without_image=tuple(sorted(set(recipes) - images)),
        not_indexed=tuple(sorted(images - _indexed(folder))),
        temporary=tuple(sorted(str(path) for path in root.rglob(".tmp-*"))),
        jobs_differ=tuple(sorted(_differing(asked, jobs or {}))),
    )


def _differing(asked: Mapping[str, End], jobs: Mapping[str, KeptJob]) -> list[str]:
    """Tags of jobs that did not end exactly once in their store, or whose state there is not the
    one that the client got."""
    return [
        tag
        for tag, kept in jobs.items()
        if kept.endings != 1 or (tag in asked and asked[tag].is_ok != (kept.state == "succeeded"))
    ]


def _lost(root: Path, ends: Sequence[End]) -> list[str]:
    """Tags of successful requests whose file does not exist."""
    promised = [(end.tag, Path(end.path)) for end in ends if end.is_ok and end.path]
    return [tag for tag, path in promised if not (root / _inside(root, path)).is_file()]


def _inside(root: Path, path: Path) -> Path:
    return path.relative_to(root if path.is_relative_to(root) else "/data")


def _recipes(folder: Path) -> list[Path]:
    judged = (".quality.json", ".privacy.json")
    found = (path for path in folder.glob("*.json") if not path.name.endswith(judged))
    return [path for path in found if "_anonymized" not in path.stem]


def _prompt(recipe: Path) -> str:
    return str(json.loads(recipe.read_text(encoding="utf-8")).get("prompt", ""))


def _tag(prompt: str) -> str:
    return prompt.rpartition(" ")[2]


def _indexed(folder: Path) -> set[str]:
    """File names, without extension, of the images in the index."""
    lines = (
        line for shard in folder.glob(".index/*.jsonl") for line in shard.read_bytes().splitlines()
    )
    return {Path(json.loads(line)[0]).stem for line in lines}
