"""Train the learned head of the quality score.

    python -m training.quality FOLDER... --cache FOLDER [--only FILE] [--out FILE]

Each FOLDER contains a folder of good pictures for each kind, as `benchmarks.validators.pictures`
makes them. The measurements of each picture are kept in the cache and not repeated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from engines.quality import QualityConfig
from engines.quality.description import describe
from engines.quality.head import SHIPPED
from engines.quality.judging import measured
from training.quality import examples
from training.quality.examples import Example
from training.quality.fit import Told, fit

SEEDS, STEPS = tuple(range(6)), 5000
_DRAWINGS, _SIZED = range(40), range(100, 125)


class Task(NamedTuple):
    """A picture and an iterator of its examples."""

    name: str
    kind: str
    examples: Iterator[Example]


def tasks(folders: Iterable[Path]) -> Iterator[Task]:
    """Tasks of all pictures in `folders`, and of the drawings."""
    for path in sorted(path for folder in folders for path in folder.glob("*/*.png")):
        kind, name = path.parent.name, examples.name_of(path)
        yield Task(name, kind, examples.of_file(path, kind))
        yield Task(f"{examples.OTHER_FORMS}{name}", kind, examples.in_other_forms(path, kind))
        if kind in examples.OF_PHOTOGRAPHS:
            yield Task(f"sized_{name}", kind, examples.in_sizes(path))
            yield Task(f"exposed_{name}", kind, examples.over_exposed(path))
            yield Task(f"levels_{name}", kind, examples.in_all_levels(path))
            yield Task(f"{examples.LATER_FORMS}{name}", kind, examples.in_later_forms(path))
            yield Task(f"{examples.MILDER_FORMS}{name}", kind, examples.in_milder_forms(path))
            yield Task(f"{examples.PRINTS}{name}", kind, examples.as_a_print(path))
            yield Task(f"{examples.CLOSE_UPS}{name}", "texture", examples.as_textures(path))
    for kind in examples.DRAWN:
        for number in _DRAWINGS:
            yield Task(_drawn("drawn", kind, number), kind, examples.of_drawing(kind, number))
    for kind in examples.SIZED_DRAWN:
        for number in _SIZED:
            yield Task(_drawn("sized", kind, number), kind, examples.drawing_in_sizes(kind, number))


def _drawn(how: str, kind: str, number: int) -> str:
    return f"{how}_{kind}_{number}".replace(" ", "_")


def measure(task: Task, cache: Path) -> tuple[list[Told], list[str]]:
    """The measured values of the task's examples, and the names of these values. Reads them from
    the cache if they are there."""
    path = cache / f"{task.name}.npz"
    if not path.exists():
        made = [(each.family, each.level, _described(each)) for each in task.examples]
        families, levels, told = zip(*made, strict=True)
        values = np.array([list(each.values()) for each in told], np.float32)
        unfinished = path.with_suffix(".new.npz")  # an interrupted run leaves no half file
        np.savez(unfinished, families=families, levels=levels, values=values, names=list(told[0]))
        unfinished.rename(path)
    with np.load(path) as kept:
        rows = zip(kept["families"], kept["levels"], kept["values"], strict=True)
        told_of = [Told(task.name, task.kind, str(f), int(lv), v) for f, lv, v in rows]
        return told_of, [str(name) for name in kept["names"]]


def chosen(every: Iterable[Task], names: Path | None) -> list[Task]:
    """The tasks whose names are in a file, one a line, sorted by name; all if `names` is None.
    Prints how many of the names have no task, as their pictures are in no folder."""
    by_name = {task.name: task for task in every}
    if names is None:
        return [by_name[name] for name in sorted(by_name)]
    wanted = set(names.read_text(encoding="utf-8").split())
    if missing := sorted(wanted - set(by_name)):
        print(f"{len(missing)} of {len(wanted)} names are in no folder, such as {missing[0]}")
    return [by_name[name] for name in sorted(wanted & set(by_name))]


def some(wanted: list[Task], about: int | None) -> list[Task]:
    """About so many of the tasks, spread evenly over their names; all if `about` is None."""
    return wanted[:: max(1, len(wanted) // about)] if about else wanted


def _described(example: Example) -> dict[str, float]:
    return dict(describe(measured(example.pixels, QualityConfig())[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", type=Path, help="names of the pictures to use, one a line")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument(
        "--first", type=int, metavar="N", help="only about N pictures, to try the command"
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    wanted = some(chosen(tasks(options.folders), options.only), options.first)
    if not wanted:
        parser.error("the folders contain no picture to train on")
    found: list[Told] = []
    names: list[str] = []
    for task in wanted:
        told, names = measure(task, options.cache)
        found += told
    print(len(found), "examples")
    fit(found, names, options.out, SEEDS, options.steps)


if __name__ == "__main__":
    main()
