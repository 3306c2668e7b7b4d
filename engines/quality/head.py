"""The learned head: small networks that read what the formula measured, and say how good a picture
is and which defect it is nearest to. How it was trained: training/quality/README.md.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.errors import GenerationFailed
from engines.quality.curves import logistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

SHIPPED = Path(__file__).parent / "data" / "head.safetensors"
_FARTHEST = 3.0
"""Spreads from the median at which a number is cut: what the training never saw."""
_LAYERS = ("first", "second", "last")
_OF_HEAD, _OF_FORMULA = 0.55, 0.10
"""Shares of both log odds in the score: chosen on pictures that the head was not trained on."""
_NOTHING = 1e-3  # score of the formula, below which the head cannot save a picture
_LEAST, _MOST = 1e-4, 1 - 1e-4  # score of the formula, before its log odds are taken

FACTORS: Mapping[str, str] = {
    "white noise": "noise",
    "under-exposed": "darkness",
    "low contrast": "tonal_range",
    "salt and pepper": "noise",
    "defocus": "sharpness",
    "motion blur": "motion",
    "color noise": "color_noise",
    "grain": "grain",
    "JPEG": "blockiness",
    "WebP": "smear",
    "JPEG 2000": "smear",
    "blocking": "grid",
    "posterized, bits": "banding",
    "over-exposed": "clipping",
    "cast, warm": "cast",
    "cast, cold": "cast",
    "cast, green": "cast",
    "tint": "cast",
    "dead rows": "rows",
    "shifted rows": "rows",
    "stripes": "pattern",
    "moire": "pattern",
    "nearest enlarging": "enlarging",
    "cubic enlarging": "detail",
    "mosaic": "grid",
    "halos": "halos",
    "gray end": "missing",
    "wrong blocks": "grid",
    "blank": "information",
}
"""Family of defects that the head tells apart, to the factor of the score that it lowers."""


class HeadMismatch(GenerationFailed):
    """The head was trained on other numbers than those that are measured now."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the head says of one picture."""

    log_odds: float
    """Of good against bad: 0 undecided, positive for good."""
    families: Mapping[str, float]
    """Family of defects to its probability, given that the picture has one; they sum to 1."""

    def factors(self) -> Mapping[str, float]:
        """Factor of the score to the probability of the families that lower it."""
        sums: dict[str, float] = {}
        for family, share in self.families.items():
            factor = FACTORS[family]
            sums[factor] = sums.get(factor, 0.0) + share
        return sums


class Head:
    """Several networks of three layers, whose mean counts, over the picture as it is and with rows
    for columns: it is as good either way. Read only: share it freely."""

    def __init__(
        self, tensors: Mapping[str, Array], names: Sequence[str], families: Sequence[str]
    ) -> None:
        """`tensors`: `middle` and `spread` (n,) of the n numbers called `names`, float32; `turned`
        (n,), int64, the place of each in the picture with rows for columns; and for each layer
        `<layer>.weight` (networks, inputs, outputs) and `<layer>.bias` (networks, outputs),
        float32. The last layer's outputs are the log odds and one for each of `families`.

        Raises `HeadMismatch` where shapes or families do not fit.
        """
        self._tensors = dict(tensors)
        self._names, self._families = tuple(names), tuple(families)
        last = self._tensors["last.bias"].shape[1]
        fits = len(self._tensors["middle"]) == len(self._names)
        a_turn = sorted(self._tensors["turned"].tolist()) == list(range(len(self._names)))
        if not (fits and a_turn and last == 1 + len(self._families)):
            raise HeadMismatch("The head of the quality score has tensors of another shape")
        if not set(self._families) <= set(FACTORS):
            raise HeadMismatch("The head of the quality score names unknown families of defects")

    @classmethod
    def read(cls, path: Path) -> Head:
        """From a safetensors file whose metadata holds `names` and `families`, JSON lists."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return cls(tensors, json.loads(metadata["names"]), json.loads(metadata["families"]))
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise GenerationFailed("The head of the quality score does not load") from error

    def opinion(self, description: Mapping[str, float]) -> Opinion:
        """Of a picture that is described by the names that the head was trained on; else raises
        `HeadMismatch`."""
        if tuple(description) != self._names:
            raise HeadMismatch("The head of the quality score was trained on other measurements")
        told = np.fromiter(description.values(), np.float32, len(description))
        both_ways = np.stack([told, told[self._tensors["turned"]]])
        spreads = (both_ways - self._tensors["middle"]) / self._tensors["spread"]
        networks = len(self._tensors["last.bias"])
        cut = np.clip(spreads, -_FARTHEST, _FARTHEST)
        plane = np.repeat(cut[:, None], networks, axis=1)
        first, second, last = _LAYERS
        plane = np.tanh(self._layer(first, plane))
        plane = np.maximum(self._layer(second, plane), 0)
        out = self._layer(last, plane).mean(axis=(0, 1))
        shares = np.exp(out[1:] - out[1:].max())
        shares /= shares.sum()
        return Opinion(float(out[0]), dict(zip(self._families, shares.tolist(), strict=True)))

    def _layer(self, name: str, plane: Array) -> Array:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return np.asarray(np.einsum("wki,kio->wko", plane, weight) + bias, np.float32)


def together(formula_score: float, opinion: Opinion) -> float:
    """One score, 0..1, of the formula's and the head's: the formula has a say too, so that what the
    head never saw is not left to it alone; what the formula gives nothing, as a blank picture, gets
    nothing."""
    score = min(max(formula_score, _LEAST), _MOST)
    log_odds = math.log(score / (1 - score))
    said = logistic(_OF_HEAD * opinion.log_odds + _OF_FORMULA * log_odds)
    return said * min(1.0, formula_score / _NOTHING)


@cache
def shipped_head() -> Head:
    """The head that belongs to this formula, read once."""
    return Head.read(SHIPPED)
