"""The training loop: runs steps until the time budget is used up, and writes checkpoints from which
it can continue."""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from training.cache import load_state, parser, save_state
from training.running.schedule import TimeBudget, learning_rate

WARMUP_STEPS = 100
SILENT_S = 8.0
"""Most seconds between two progress messages."""


@dataclass
class RunningMean:
    """Exponential moving mean of the added values, over about the last 33."""

    value: float

    def add(self, value: float) -> None:
        """Move 3 % of the way to ``value``."""
        self.value += 0.03 * (value - self.value)


@dataclass
class Stopwatch:
    """Prints how long each step of a task took."""

    name: str
    clock: Callable[[], float] = time.monotonic
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def told(self, what: str) -> None:
        """Print ``what`` with the seconds since the last call."""
        now = self.clock()
        print(f"{self.name}: {what}, {now - self._last:.1f} s", flush=True)
        self._last = now


@dataclass
class Smoothed:
    """The same for losses on a device, without waiting for the device."""

    held: Tensor | None = None

    def add(self, loss: Tensor) -> Tensor:
        """Move 3 % of the way to ``loss``; return it."""
        now = loss.detach()
        self.held = now.clone() if self.held is None else self.held.lerp_(now, 0.03)
        return loss

    @property
    def value(self) -> float:
        """The mean; waits for the device."""
        return float("nan") if self.held is None else float(self.held)


class Stateful(Protocol):
    """Something whose state a checkpoint keeps: a module or an optimizer."""

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Restore what :meth:`state_dict` returned."""
        ...


class Descends(Stateful, Protocol):
    """An optimizer as the loop uses it."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Groups with their learning rate ``lr``."""
        ...

    def step(self) -> object:
        """Update the parameters."""
        ...

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients."""
        ...


@dataclass
class Loop:
    """The training of one model. Continues from the checkpoint at ``path`` if there is one."""

    name: str
    path: Path
    model: nn.Module
    optimizer: Descends
    budget: TimeBudget
    peak: float
    """Learning rate between the warm-up and the decay."""
    hold: float
    """Share of the budget after which the learning rate decays."""
    keep_every: int
    """Steps between two checkpoints."""
    beside: Mapping[str, Stateful] = field(default_factory=dict)
    """Name to other objects in the checkpoint, such as a critic or a mean of the weights."""
    clock: Callable[[], float] = time.monotonic
    """The clock of the budget, seconds: wall time, or CPU time with ``time.process_time``."""
    after: Callable[[], object] | None = None
    """Called after each step, for example to update a mean of the weights."""
    kept: Callable[[], object] | None = None
    """Called after each checkpoint except the last."""
    keep_s: float = 0.0
    """Least seconds between two checkpoints."""
    step: int = field(init=False, default=0)
    samples: int = field(init=False, default=0)
    """Samples since the start of this process, for the samples per second. A stage that does not
    count them leaves it 0."""

    def __post_init__(self) -> None:
        state = load_state(self.path)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            for name, companion in self.beside.items():
                companion.load_state_dict(state[name])
            self.step, self.budget.spent_s = int(str(state["step"])), float(str(state["spent_s"]))

    def run(self, loss: Callable[[], Tensor], tell: Callable[[], str]) -> None:
        """Minimize ``loss``, which is called once for each step. ``tell`` returns the progress
        message, which is printed every eight seconds and with every checkpoint."""
        self.drive(lambda: self._descend(loss), tell)

    def drive(self, stride: Callable[[], object], tell: Callable[[], str]) -> None:
        """The same, but ``stride`` does a whole step including that of the optimizer."""
        last, told, kept = self.clock(), time.monotonic(), time.monotonic()
        known = self.samples
        while not self.budget.over:
            self._stride(stride)
            now = self.clock()
            self.budget.spend(now - last)
            last = now
            due = self.step % self.keep_every == 0 and time.monotonic() - kept >= self.keep_s
            keeps = due or self.budget.over
            if keeps or time.monotonic() - told > SILENT_S:
                told, known = self._tell(tell, told, known)
            if keeps:
                self._keep()
                if self.kept is not None and not self.budget.over:
                    self.kept()
                kept = time.monotonic()

    def _stride(self, stride: Callable[[], object]) -> None:
        share = self.budget.share
        rate = learning_rate(self.peak, self.step, share, warmup=WARMUP_STEPS, hold=self.hold)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        stride()
        self.step += 1
        if self.after is not None:
            self.after()

    def _descend(self, loss: Callable[[], Tensor]) -> None:
        loss().backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def _tell(self, tell: Callable[[], str], since: float, known: int) -> tuple[float, int]:
        spent, whole, text = self.budget.spent_s / 60, self.budget.budget_s / 60, tell()
        now = time.monotonic()
        if self.samples > known:
            text += f", {(self.samples - known) / max(now - since, 1e-9):.0f} samples/s"
        print(f"{self.name}: {spent:.1f} of {whole:.4g} min, step {self.step}, {text}", flush=True)
        return now, self.samples

    def _keep(self) -> None:
        kept = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        kept |= {name: companion.state_dict() for name, companion in self.beside.items()}
        save_state(self.path, {**kept, "step": self.step, "spent_s": self.budget.spent_s})


def loop_parser(description: str | None, *, minutes: float, batch: int) -> argparse.ArgumentParser:
    """Return the stages' parser with the options of a loop: budget, batch size, learning rate,
    device."""
    made = parser(description)
    made.add_argument("--minutes", type=float, default=minutes)
    made.add_argument("--batch", type=int, default=batch)
    made.add_argument("--peak", type=float, default=1.5e-3)
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    return made
