"""Fits the head: small networks that separate good pictures from bad ones, order the levels of
defects, and predict the family of a defect."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional

from engines.quality.description import turned
from training.quality.examples import (
    CLEAN,
    LATER_FORMS,
    MILDER_FORMS,
    OTHER_FORMS,
    PRINTS,
    WORST,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIDDEN, _SECOND = 192, 64
_DROPPED, _JITTER = 0.2, 0.05
_BATCH = 192
_RATE, _HIGHEST_RATE, _DECAY = 2e-3, 4e-3, 1e-2
_GOOD, _BAD = 0.97, 0.03
_OF_ORDER, _OF_FAMILIES = 1.0, 0.2
_WIDTH_OF_ORDER = 0.5
_LEAN = 0.7
"""Added to the log odds of every picture, because a good picture that fails is worse than a bad one
that passes. Of photographs that were not in the training, about one in a hundred more passes."""
_SHARES: Mapping[str, float] = {
    OTHER_FORMS: 0.5,
    LATER_FORMS: 0.2,
    MILDER_FORMS: 0.06,
    PRINTS: 0.08,
    "": 0.3,
}
"""How the names of pictures begin, and how much of the bad examples is drawn from them."""
_OF_KINDS: Mapping[str, float] = {
    "texture": 3.0,
    "painting": 2.5,
    "layer": 2.0,
    "screen": 1.5,
    "night sky": 4.0,
    "nebula": 2.0,
    "planet": 2.0,
    "drawing": 2.0,
}
"""How much more good pictures of some kinds count, because they differ more among each other."""
_OFTEN: Mapping[str, float] = {
    "WebP": 2.5,
    "shifted rows": 5.0,
    "channels apart": 5.0,
    "motion blur": 2.5,
    "dead rows": 3.0,
    "halos": 2.0,
    "stripes": 2.0,
    "nearest enlarging": 1.5,
    "gray end": 2.0,
}
"""How much more often the worst level of some families is drawn, because it is missed more."""
_FARTHEST = 3.0
_SPREAD_CUT, _LEAST_SPREAD, _TIMES_SPREAD = 0.8, 1e-2, 1.3


class Told(NamedTuple):
    """One example with its measured values, the inputs of the head."""

    picture: str
    kind: str
    family: str
    level: int
    values: NDArray[np.float32]


class Network(torch.nn.Module):
    """From measured values (n, inputs) to (n, 1 + families): log odds that the picture is good, and
    a score for each family."""

    def __init__(self, inputs: int, families: int) -> None:
        super().__init__()
        self.first = torch.nn.Linear(inputs, _HIDDEN)
        self.second = torch.nn.Linear(_HIDDEN, _SECOND)
        self.last = torch.nn.Linear(_SECOND, 1 + families)
        self.drop = torch.nn.Dropout(_DROPPED)

    def forward(self, told: torch.Tensor) -> torch.Tensor:
        hidden = self.drop(torch.tanh(self.first(told)))
        out: torch.Tensor = self.last(torch.relu(self.second(hidden)))
        return out


class Drawn:
    """Draws the examples of a training step: good ones, those at the worst level, and pairs in
    which one is better."""

    def __init__(self, examples: Sequence[Told], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        kinds = [_kind(each) for each in examples]
        counts = Counter(kind for kind in kinds if kind)
        weights = np.array(
            [
                _OF_KINDS.get(each.kind, 1.0) / counts[kind] ** 0.5 if kind else 0.0
                for each, kind in zip(examples, kinds, strict=True)
            ]
        )
        self._weights = weights / weights.sum()
        self._worst = np.flatnonzero([each.level == WORST for each in examples])
        bad = [each for each in examples if each.level == WORST]
        often = np.array([_OFTEN.get(each.family, 1.0) for each in bad])
        weights = _shared([_source(each) for each in bad]) * often
        self._worst_weights = weights / weights.sum()
        self._pairs = _pairs(examples)

    def batch(self) -> NDArray[np.int64]:
        """Indices: good ones, bad ones, the better ones and the worse ones, `_BATCH` each."""
        good = self._rng.choice(len(self._weights), _BATCH, p=self._weights)
        bad = self._rng.choice(self._worst, _BATCH, p=self._worst_weights)
        pairs = self._pairs[self._rng.integers(len(self._pairs), size=_BATCH)]
        return np.concatenate([good, bad, pairs[:, 0], pairs[:, 1]])


def _source(example: Told) -> str:
    """Which of `_SHARES` an example at the worst level belongs to."""
    return next((each for each in _SHARES if example.picture.startswith(each)), "")


def _shared(sources: Sequence[str]) -> NDArray[np.float64]:
    """Weights whose sum is 1, so that each source has its share of those that there are."""
    counts = Counter(sources)
    weights = np.array([_SHARES[source] / counts[source] for source in sources])
    return weights / weights.sum()


def _kind(example: Told) -> str:
    """The kind by whose count a good example is weighted, so that rare kinds count more; "" for
    defects."""
    if example.level:
        return ""
    return example.kind + example.family.removeprefix(CLEAN)


def _pairs(examples: Sequence[Told]) -> NDArray[np.int64]:
    """Pairs (better, worse) of indices: for each picture, family and form, each level with the next
    worse one. The clean picture is level 0. A level that occurs again begins another form."""
    clean: dict[str, int] = {}
    forms: dict[tuple[str, str], list[dict[int, int]]] = {}
    for index, each in enumerate(examples):
        if each.family == CLEAN:
            clean[each.picture] = index
        elif each.level:
            found = forms.setdefault((each.picture, each.family), [{}])
            if each.level in found[-1]:
                found.append({})
            found[-1][each.level] = index
    pairs: list[tuple[int, int]] = []
    for (picture, _), found in forms.items():
        for levels in found:
            graver = [levels[level] for level in sorted(levels)]
            pairs += pairwise([clean[picture], *graver] if picture in clean else graver)
    return np.array(pairs, np.int64)


def fit(
    examples: Sequence[Told], names: Sequence[str], path: Path, seeds: Sequence[int], steps: int
) -> None:
    """Write a head of one network for each seed to `path`; the same examples, seeds and version of
    torch give the same tensors. Every example is used as it is, and with rows and columns
    exchanged."""
    told, order = np.stack([each.values for each in examples]), turned(names)
    both = np.stack([told, told[:, order]])
    middle = np.median(both, axis=(0, 1))
    far = np.quantile(np.abs(both - middle), _SPREAD_CUT, axis=(0, 1))
    spread = np.maximum(far, _LEAST_SPREAD) * _TIMES_SPREAD
    planes = np.clip((both - middle) / spread, -_FARTHEST, _FARTHEST).astype(np.float32)
    families = sorted({each.family for each in examples if each.level})
    named = np.array([families.index(each.family) if each.level else -1 for each in examples])
    networks = [_one(planes, named, Drawn(examples, seed), seed, steps) for seed in seeds]
    tensors = {
        "middle": middle.astype(np.float32),
        "spread": spread.astype(np.float32),
        "turned": np.array(order, np.int64),
    }
    for layer in ("first", "second", "last"):
        parts = [getattr(network, layer) for network in networks]
        weights = [part.weight.detach().numpy().T for part in parts]
        tensors[f"{layer}.weight"] = np.ascontiguousarray(np.stack(weights))
        tensors[f"{layer}.bias"] = np.stack([part.bias.detach().numpy() for part in parts])
    tensors["last.bias"][:, 0] += _LEAN
    save_file(tensors, path, _metadata(names, families))


def _metadata(names: Sequence[str], families: Sequence[str]) -> dict[str, str]:
    return {"names": json.dumps(list(names)), "families": json.dumps(list(families))}


def _one(
    planes: NDArray[np.float32], named: NDArray[np.int64], drawn: Drawn, seed: int, steps: int
) -> Network:
    torch.manual_seed(seed)
    told, family = torch.from_numpy(planes), torch.from_numpy(named)
    network = Network(planes.shape[-1], int(named.max()) + 1)
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _HIGHEST_RATE, steps)
    wanted = torch.cat([torch.full((_BATCH,), _GOOD), torch.full((_BATCH,), _BAD)])
    for _ in range(steps):
        rows = torch.from_numpy(drawn.batch())
        seen = told[torch.randint(2, rows.shape), rows]
        out = network(seen + _JITTER * torch.randn(seen.shape))
        loss = _loss(out, family[rows], wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def _loss(out: torch.Tensor, family: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross entropy of good and bad, of the order of pairs, and of families."""
    odds = out[:, 0]
    better, worse = odds[2 * _BATCH : 3 * _BATCH], odds[3 * _BATCH :]
    order = functional.softplus((worse - better) / _WIDTH_OF_ORDER).mean()
    hard = functional.binary_cross_entropy_with_logits(odds[: 2 * _BATCH], wanted)
    bad = family >= 0
    families = functional.cross_entropy(out[bad, 1:], family[bad])
    return hard + _OF_ORDER * order + _OF_FAMILIES * families
