"""The interface between the engine and a loaded model of any family. Does not import torch."""

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
    """The state of one request between its first step and its decoded image.

    Created and changed only by a `Runner`.
    """

    @property
    def evaluations_done(self) -> int:
        """Number of denoiser evaluations so far."""

    @property
    def rows(self) -> int:
        """Rows in the next forward pass: 2 with classifier-free guidance, else 1."""

    @property
    def evaluations_total(self) -> int:
        """Number of all evaluations; second-order noise schedulers take more than one per step."""


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A finished picture: RGB, uint8 (height, width, 3), exactly the requested size."""

    pixels: Pixels
    safety: Mapping[str, JsonValue]
    notes: tuple[str, ...] = ()
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """The result of `speed.told`; empty if the backend has no speed modes."""


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """Properties of a loaded model, for recipes and for the engine."""

    noise_scheduler: str
    """Class name in diffusers."""
    revision: str | None
    memory_bytes: int
    """Size of the weights and buffers."""
    sizes: SizeRule
    attention_backend: str = "native"
    """The attention backend in use."""
    notes: tuple[str, ...] = ()
    """Sentences for the recipe of every image."""
    workers: Workers = field(default_factory=Workers)
    """Threads on which several `decode` calls may run at the same time."""


State = TypeVar("State", bound=Denoising)


class Runner(Protocol[State]):
    """A loaded model that takes denoising steps.

    All methods block and are called on the engine's thread only, except `decode`, which may also
    run on `info.workers`. `State` is the type that `start` returns and the other methods take.

    `start`, `step`, `decode` and `preview` may raise any exception: the engine finds the request
    that causes it, and translates the exception (`engines.diffusion.isolation`).
    """

    @property
    def info(self) -> RunnerInfo:
        """Properties of the model: noise scheduler, memory, sizes."""

    def start(self, requests: Sequence[GenerationRequest]) -> Sequence[State]:
        """Encode the prompts and draw the initial noise. If it raises, nothing has changed."""

    def step(self, batch: Sequence[State]) -> Sequence[Exception | None]:
        """One evaluation of requests of one lane, in one forward pass.

        If it raises, nothing has changed and the call may be repeated. Returns for each request,
        in order, the exception that concerns this request only, or None.
        """

    def preview(self, denoising: State, max_side_px: int) -> bytes | None:
        """A JPEG of the current estimate of the picture, its longer side at most `max_side_px`;
        None if the model supports no previews."""

    def decode(self, denoising: State) -> DecodedImage:
        """The picture. Called after the last evaluation."""

    def abandon(self, denoising: State) -> None:
        """Release what the request holds. Called when it has ended. Must not raise."""

    def warm(self) -> None:
        """Run one step and one decode, so that the first request needs no initialization."""

    def step_s(self, rows: int, side_px: int) -> float | None:
        """Run and measure a step of `rows` square pictures of `side_px` pixels.

        Returns seconds; None for a backend that does not batch steps.
        """

    def close(self) -> None:
        """Release the weights. No method may be called afterwards."""


AnyRunner = Runner[Any]
"""A runner of any state type. The engine passes states only to the runner that created them."""
