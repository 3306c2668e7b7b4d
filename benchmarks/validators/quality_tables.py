"""Tables of the quality check: families of defects by level, and kinds of good pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata, spearmanr

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode
from engines.quality import QualityConfig
from engines.quality.judging import Judgement, judge
from training.quality.pictures.families import FAMILIES
from training.quality.pictures.form import Form
from training.quality.pictures.forms import FORMS, LATER, OUT_OF_REGISTER
from training.quality.pictures.kinds import (
    gradient,
    kinds,
    line_drawing,
    pixel_art,
    sizes,
    slide,
    starry_sky,
)

if TYPE_CHECKING:
    from engines.types import Pixels

PASSES = QualityConfig().pass_threshold
_FIRST_SEED = 20_000  # seeds of the forms; training derives its seeds from file names


def judged(pixels: Pixels) -> Judgement:
    """The result with the default settings of the service."""
    return judge(pixels, QualityConfig())


def families(photos: Sequence[Pixels], every: int = 1) -> str:
    """A row for each family: mean scores, how many fail at the worst level, Spearman correlation,
    and the factor with the lowest value. `every`: use each `every`-th level, and the last."""
    clean = [judged(pixels).score for pixels in photos]
    worst: list[float] = []
    lines = [
        "| family | levels | mean score, clean then levels | worst level fails | mean Spearman | "
        "weakest factor at the worst |",
        "|---|---|---|---|---|---|",
    ]
    for name, (spoil, levels) in FAMILIES.items():
        taken = (*levels[:-1:every], levels[-1])
        rows = [[judged(spoil(pixels, level)) for level in taken] for pixels in photos]
        scores = np.array(
            [[first, *(one.score for one in row)] for first, row in zip(clean, rows, strict=True)]
        )
        worst.extend(scores[:, -1])
        named = Counter(min(row[-1].counted(), key=lambda each: each[1])[0] for row in rows)
        means = " ".join(f"{value:.2f}" for value in scores.mean(axis=0))
        fails = int((scores[:, -1] < PASSES).sum())
        rho = np.mean([_spearman(row) for row in scores])
        shown = "/".join(f"{level:g}" for level in taken)
        lines.append(
            f"| {name} | {shown} | {means} | {fails}/{len(photos)} | {rho:.2f} | "
            f"{named.most_common(1)[0][0]} |"
        )
    lines.append(f"\nArea under the curve, clean against worst levels: {_auc(clean, worst):.3f}")
    return "\n".join(lines) + "\n"


def other_forms(photos: Sequence[Pixels]) -> str:
    """A row for each other form of a family (`training.quality.pictures.forms`): mean score at the
    third and the worst level, and how many fail at the worst. Angle, period, color or place are
    random for each photograph."""
    lines = [
        "| family | form | mean score, third and worst level | worst level fails |",
        "|---|---|---|---|",
    ]
    later = [(family, (form,)) for family, form in (OUT_OF_REGISTER, *LATER)]
    for family, forms in (*FORMS.items(), *later):
        for form in dict.fromkeys(forms):
            scores = np.array(
                [_third_and_worst(pixels, form, n) for n, pixels in enumerate(photos)]
            )
            means = " ".join(f"{value:.2f}" for value in scores.mean(axis=0))
            fails = int((scores[:, 1] < PASSES).sum())
            name = form.__name__.replace("_", " ")
            lines.append(f"| {family} | {name} | {means} | {fails}/{len(photos)} |")
    return "\n".join([*lines, ""])


def _third_and_worst(pixels: Pixels, form: Form, number: int) -> tuple[float, float]:
    spoil, levels = form(np.random.default_rng(_FIRST_SEED + number))
    return judged(spoil(pixels, levels[2])).score, judged(spoil(pixels, levels[-1])).score


def fairness(sets: Mapping[str, Sequence[Pixels]]) -> str:
    """A row for each kind of good pictures: how many pass, and which thresholds were used."""
    lines = ["| kind | pass | median score (min) | thresholds |", "|---|---|---|---|"]
    for name, pictures in sets.items():
        found = [judged(pixels) for pixels in pictures]
        scores = [one.score for one in found]
        chosen = Counter(one.thresholds.removeprefix("auto:") for one in found)
        lines.append(
            f"| {name} | {sum(score >= PASSES for score in scores)}/{len(scores)} | "
            f"{np.median(scores):.2f} ({min(scores):.2f}) | "
            f"{', '.join(f'{kind} {count}' for kind, count in chosen.most_common())} |"
        )
    return "\n".join(lines) + "\n"


def fair_kinds(photos: Sequence[Pixels]) -> str:
    """The table of `fairness` for the kinds that are drawn or made from `photos`."""
    return fairness(kinds(photos))


def size_table() -> str:
    """A table of the scores of drawings with sides of 256, 512, 1024 and 2048 px."""
    drawn: Mapping[str, Callable[[int, int], Pixels]] = {
        "gradient": gradient,
        "line drawing": line_drawing,
        "pixel art": pixel_art,
        "slide": slide,
        "starry sky": starry_sky,
    }
    lines = ["| picture | 256 | 512 | 1024 | 2048 |", "|---|---|---|---|---|"]
    for name, draw in drawn.items():
        scores = [judged(pixels).score for pixels in sizes(partial(draw, 1))]
        lines.append(f"| {name} | " + " | ".join(f"{score:.2f}" for score in scores) + " |")
    return "\n".join(lines) + "\n"


def of_folder(folder: Path, at_most: int | None = None) -> Mapping[str, Sequence[Pixels]]:
    """Kind to its pictures. The kinds are the names of the folders in `folder`."""
    found: dict[str, list[Pixels]] = {}
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(kind.iterdir())[:at_most]:
            try:
                pixels = decode(path.read_bytes(), ImageLimits()).pixels
            except InvalidImage as error:
                print(f"{path.name}: {error.message}")
            else:
                found.setdefault(kind.name, []).append(pixels)
    return found


def _spearman(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return 0.0 if np.ptp(scores) == 0 else float(spearmanr(range(len(scores)), scores).statistic)


def _auc(good: Sequence[float], bad: Sequence[float]) -> float:
    ranks = rankdata([*good, *bad])[: len(good)]
    return float((ranks.sum() - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad)))
