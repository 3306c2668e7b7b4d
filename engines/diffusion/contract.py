"""What the engine asks of a loaded model, whatever its family. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engines.diffusion.workers import Workers
from engines.errors import JsonValue
from engines.types import GenerationRequest

if TYPE_CHECKING:
    from engines.diffusion.sizes import SizeRule
    from engines.types import Pixels


class Denoising(Protocol):
    """One request between its first step and its decoded image; a `Runner` made it and owns it."""

    @property
    def evaluations_done(self) -> int:
        """Denoiser evaluations so far."""

    @property
    def rows(self) -> int:
        """Rows that it takes in its next forward: 2 with classifier-free guidance, else 1."""

    @property
    def evaluations_total(self) -> int:
        """Evaluations it takes in all; second-order noise schedulers take more than steps."""


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels` has exactly the size asked for."""

    pixels: Pixels
    safety: Mapping[str, JsonValue]
    notes: tuple[str, ...] = ()
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """What `speed.told` says; empty where the backend knows no modes and left nothing out."""


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """What is said of a loaded model in every image's recipe."""

    noise_scheduler: str
    """Class name."""
    revision: str | None
    memory_bytes: int
    """Of the weights and buffers."""
    sizes: SizeRule
    attention_backend: str = "native"
    """The one really used."""
    notes: tuple[str, ...] = ()
    workers: Workers = field(default_factory=Workers)
    """Where several `decode`s of the runner may run at the same time."""


State = TypeVar("State", bound=Denoising)


class Runner(Protocol[State]):
    """A loaded model that takes denoising steps. Used from the engine's thread only, but for
    `decode`, which also runs on `info.workers`; blocks.

    `State` is the kind of `Denoising` that it makes in `start` and takes back in all the others.

    Foreign exceptions may leave `start`, `step`, `decode` and `preview`: the engine isolates the
    request at fault and translates them (`engines.diffusion.isolation`).
    """

    @property
    def info(self) -> RunnerInfo:
        """What the engine needs to know of the model: name of its noise scheduler, memory,
        sizes."""

    def start(self, requests: Sequence[GenerationRequest]) -> Sequence[State]:
        """Encode prompts, draw initial noise. All or nothing: raises before any state is kept."""

    def step(self, batch: Sequence[State]) -> Sequence[Exception | None]:
        """One evaluation for each of one lane's requests, in one forward. If the forward raises,
        nothing has changed and it may be tried again; what fails for one request alone is
        returned at its place."""

    def preview(self, denoising: State, max_side_px: int) -> bytes | None:
        """Small JPEG of the current estimate of the picture; None where the model has none."""

    def decode(self, denoising: State) -> DecodedImage:
        """The picture, after the last evaluation."""

    def abandon(self, denoising: State) -> None:
        """The request has ended early; release what it holds. Must not raise."""

    def warm(self) -> None:
        """One step and one decode, so that the first request pays for no initialization."""

    def step_s(self, rows: int, side_px: int) -> float | None:
        """Seconds that a step of so many rows of pictures of this side takes; None for a backend
        whose steps are not shared. Runs the step."""

    def close(self) -> None:
        """Release the weights; nothing of this runner is used afterwards."""


AnyRunner = Runner[Any]
"""As the engine holds runners: each of another kind, and what one made only goes back to it."""
