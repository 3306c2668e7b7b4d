"""The learned head: small neural networks whose inputs are the formula's measurements. They
estimate whether a picture is good, and which defect it most likely has. Training:
training/quality/README.md.
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
"""Inputs are clipped at this many spreads from the median, because training saw no larger ones."""
_LAYERS = ("first", "second", "last")
_OF_HEAD, _OF_FORMULA = 0.55, 0.03
"""Weights of the two log odds in the score, chosen on pictures that the head was not trained on."""
_NOTHING = 1e-9  # if the formula's score is below this, the head cannot raise it
_LEAST, _MOST = 1e-4, 1 - 1e-4  # the formula's score is clipped to this before its log odds

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
    "channels apart": "channels",
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
"""Each family of defects that the head distinguishes, to the factor of the score that it lowers."""


class HeadMismatch(GenerationFailed):
    """The head does not fit this version: it was trained on other inputs or families of defects."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The output of the head for one picture."""

    log_odds: float
    """Natural logarithm of the odds that the picture is good. 0: undecided; above 0: good."""
    families: Mapping[str, float]
    """Family of defects to its probability if the picture has a defect. The sum is 1."""

    def factors(self) -> Mapping[str, float]:
        """Factor of the score to the summed probability of the families that lower it."""
        sums: dict[str, float] = {}
        for family, share in self.families.items():
            factor = FACTORS[family]
            sums[factor] = sums.get(factor, 0.0) + share
        return sums


class Head:
    """Several networks with three layers. The result is the mean over all networks, and over the
    picture and its transpose, so that both get the same score. Can be shared between threads."""

    def __init__(
        self, tensors: Mapping[str, Array], names: Sequence[str], families: Sequence[str]
    ) -> None:
        """`tensors`: `middle` and `spread`, float32 (n,), of the n inputs `names`; `turned`, int64
        (n,), the position of each input in the transposed picture; and for each layer
        `<layer>.weight`, float32 (networks, inputs, outputs), and `<layer>.bias`, float32
        (networks, outputs). The last layer's outputs are the log odds and one for each of
        `families`.

        Raises `HeadMismatch` if shapes or families do not fit.
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
        """Read a safetensors file whose metadata contain `names` and `families` as JSON lists.

        Raises `GenerationFailed` if the file cannot be read, and `HeadMismatch` as above.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return cls(tensors, json.loads(metadata["names"]), json.loads(metadata["families"]))
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise GenerationFailed("The head of the quality score does not load") from error

    def opinion(self, description: Mapping[str, float]) -> Opinion:
        """The output for a picture. Raises `HeadMismatch` if the names of `description` are not
        those that the head was trained on."""
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
    """Combine the formula's score, 0 to 1, and the head's output into one score, 0 to 1.

    The formula keeps a weight because the head is unreliable for pictures unlike its training data.
    If the formula's score is 0, as for a blank picture, it stays so.
    """
    score = min(max(formula_score, _LEAST), _MOST)
    log_odds = math.log(score / (1 - score))
    said = logistic(_OF_HEAD * opinion.log_odds + _OF_FORMULA * log_odds)
    return said * min(1.0, formula_score / _NOTHING)


@cache
def shipped_head() -> Head:
    """The head that is part of this package. It is read once."""
    return Head.read(SHIPPED)
