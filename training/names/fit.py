"""Fits the weights: two logistic regressions, with L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from engines.privacy.pii.words.likeness import BUCKETS, buckets

_RIDGE = 0.3
_STEPS = 70
_OTHER = 0.25
"""How much a surname counts as an example of what is no given name, and the other way round: a name
taken for one of the other kind is still a name."""


class Example(NamedTuple):
    word: str
    is_given: bool
    is_surname: bool
    weight: float


def fit(examples: Sequence[Example]) -> dict[str, NDArray[np.generic]]:
    """The arrays of the file: `weights` (BUCKETS x 2, int8), `scale` and `bias` (2, float32). A
    word's log odds are the sum of its buckets' weights times `scale`, plus `bias`."""
    rows = [*examples, *examples]
    matrix = features([each.word for each in examples])
    labels = np.array([(each.is_given, each.is_surname) for each in rows], dtype=np.float64)
    counts = np.array([each.weight / 2 for each in rows])
    solved = [
        _solved(matrix, labels[:, column], np.where(_is_other(labels, column), _OTHER, 1) * counts)
        for column in range(2)
    ]
    weights = np.stack([each[:-1] for each in solved], axis=1)
    scale = np.abs(weights).max(axis=0) / 127
    return {
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": np.array([each[-1] for each in solved], dtype=np.float32),
    }


def _is_other(labels: NDArray[np.float64], column: int) -> NDArray[np.bool_]:
    """Which words are names of the other kind only."""
    other: NDArray[np.bool_] = (labels[:, 1 - column] > 0) & (labels[:, column] == 0)
    return other


def features(words: Sequence[str]) -> csr_matrix:
    """A row for each word, then one for each word without the feature of the whole word, so that
    the n-grams learn as much as they can about words that are not in the lists."""
    found = [list(buckets(word)) for word in words]
    found += [each[:-1] for each in found]
    ends = np.cumsum([0, *(len(each) for each in found)])
    places = np.array([place for each in found for place in each], dtype=np.int64)
    return csr_matrix((np.ones(len(places)), places, ends), shape=(len(found), BUCKETS))


def _solved(
    matrix: csr_matrix, labels: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    turned = matrix.T.tocsr()

    def loss(state: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = matrix @ state[:-1] + state[-1]
        slope = counts * (1 / (1 + np.exp(-odds)) - labels)
        value = float(counts @ np.logaddexp(0, odds) - (counts * labels) @ odds)
        value += _RIDGE / 2 * float(state[:-1] @ state[:-1])
        return value, np.append(turned @ slope + _RIDGE * state[:-1], slope.sum())

    start = np.zeros(BUCKETS + 1)
    solution: NDArray[np.float64] = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    ).x
    return solution
