"""What the benchmark of the quality score's cost measures."""

from __future__ import annotations

from itertools import count

import numpy as np

from benchmarks.validators.quality_cost import WAYS, least_ms, square, table


def test_the_least_of_several_runs_in_turns_counts() -> None:
    called: list[str] = []
    times = iter([0, 0.5, 1, 1.2, 2, 2.1, 3, 3.4])
    runs = [lambda: called.append("a"), lambda: called.append("b")]
    assert np.allclose(least_ms(runs, 2, lambda: next(times)), [100, 200])
    assert called == ["a", "b", "a", "b"]


def test_each_way_of_judging_has_a_line() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (80, 120, 3), np.uint8)
    ticks = count()
    lines = table([photo, photo], rounds=1, clock=lambda: next(ticks) / 1000).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == list(WAYS)
    assert all(line.endswith("| 1.0 | 1.0 | 1.0 |") for line in lines[2:])


def test_a_photograph_is_judged_as_its_middle_square() -> None:
    photo = np.zeros((100, 300, 3), np.uint8)
    photo[:, 100:200] = 255
    assert square(photo).shape == (512, 512, 3)
    assert square(photo).min() == 255
