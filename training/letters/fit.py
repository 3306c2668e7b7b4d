"""Fits the network that judges lines, and writes its weights for numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.privacy.text.letters import HEIGHT_PX, normalized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_WIDTHS_PX = (48, 64, 80, 96, 128, 160, 208, 256)


class LineJudge(nn.Module):
    """Four layers of convolution, the last as high as what is left of the line; then the mean and
    the maximum along the line, and one number."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.third = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.along = nn.Conv2d(32, 48, (HEIGHT_PX // 8, 5), padding=(0, 2))
        self.last = nn.Linear(96, 1)

    def forward(self, lines: Tensor) -> Tensor:
        """Logits (lines,) of normalized `lines`, float32 (lines, 1, 32, width)."""
        seen = functional.relu(self.first(lines))
        seen = functional.relu(self.second(seen))
        seen = functional.relu(self.third(seen))
        seen = functional.relu(self.along(seen))[:, :, 0]
        pooled = torch.cat([seen.mean(2), seen.amax(2)], 1)
        logits: Tensor = self.last(functional.dropout(pooled, 0.1, self.training))[:, 0]
        return logits


def fitted(
    lines: Sequence[Pixels], letters: Sequence[int], epochs: int, seed: int = 0
) -> LineJudge:
    """A network fitted to `lines`, RGB uint8; `letters`: 1 for a line of text, 0 for another."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    prepared = [normalized(line) for line in lines]
    truth = np.asarray(letters, np.float32)
    net, batch = LineJudge(), 64
    steps = epochs * (len(lines) // batch + len(_WIDTHS_PX))
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps + 1)
    for epoch in range(epochs):
        total, count = 0.0, 0
        for chosen, shown in _batches(prepared, batch, rng):
            wanted = torch.from_numpy(truth[chosen])
            loss = functional.binary_cross_entropy_with_logits(
                net(torch.from_numpy(shown)), wanted * 0.98 + 0.01
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            plan.step()
            total, count = total + loss.item() * len(chosen), count + len(chosen)
        print(f"epoch {epoch}: loss {total / count:.4f}", flush=True)
    return net.eval()


def _batches(
    lines: Sequence[NDArray[np.float32]], size: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Positions and parts of lines of one width, mirrored by chance, because letters of unknown
    scripts look the same either way."""
    widths = np.asarray(
        [max((w for w in _WIDTHS_PX if w <= line.shape[1]), default=0) for line in lines]
    )
    batches = []
    for width in _WIDTHS_PX:
        order = rng.permutation(np.flatnonzero(widths == width))
        batches += [(width, order[at : at + size]) for at in range(0, len(order), size)]
    for place in rng.permutation(len(batches)):
        width, chosen = batches[int(place)]
        shown = np.empty((len(chosen), 1, HEIGHT_PX, width), np.float32)
        for row, at in enumerate(chosen):
            start = int(rng.integers(0, lines[at].shape[1] - width + 1))
            part = lines[at][:, start : start + width]
            part = part[:, ::-1] if rng.integers(2) else part
            shown[row, 0] = part[::-1] if rng.integers(2) else part
        yield chosen, shown


def save(net: LineJudge, path: Path) -> None:
    """Write the weights as float16 for `engines.privacy.text.letters`."""
    weights = {
        name: value.detach().numpy().astype(np.float16) for name, value in net.state_dict().items()
    }
    np.savez_compressed(path, **weights)
