"""The denoiser's operators, recorded once and replayed without Python between them.

A small UNet has about a thousand operators, and calling them from Python takes longer than many of
them run. TorchScript's recording holds the same operators in the same order, so it gives the same
bits, whatever the number of rows. That is not taken for granted: the first forward of each shape is
computed both ways, and a shape for which they differ is never replayed.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch

if TYPE_CHECKING:
    from engines.protocols import Clock

logger = logging.getLogger(__name__)

Backend = Literal["auto", "native", "traced"]
Record = Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], Callable[..., torch.Tensor]]

WORTH_S = 0.5
"""A recording saves about 10 ms of a step. One that takes so long gains less than 3 %, and would
take many such steps to record and to measure."""
GAIN = 0.97
"""`auto` takes the recording if a step takes at most this part of its time without."""
_ROUNDS = 3


class TracedDenoiser:
    """Called like the UNet that it holds; runs it as it is until `choose` is called."""

    def __init__(
        self,
        unet: Any,
        backend: Backend = "auto",
        clock: Clock = time.perf_counter,
        record: Record | None = None,
    ) -> None:
        """`record` replaces TorchScript's recording; `clock` is what `auto` measures with."""
        self._unet = unet
        self._backend = backend
        self._clock = clock
        self._record = record or recorded
        self._example: dict[str, torch.Tensor] = {}
        self._replays: dict[tuple[str, ...], Callable[..., torch.Tensor]] = {}
        self._equal: dict[tuple[Any, ...], bool] = {}

    @property
    def chosen(self) -> Literal["native", "traced"]:
        """What runs the steps now."""
        return "traced" if self._replays else "native"

    def choose(self) -> None:
        """Record the forward that ran last, and keep the recording if it gives the same bits and,
        with `auto`, if it is quicker. Blocks for about twenty forwards. A denoiser that cannot be
        recorded runs as it is."""
        if self._backend == "native" or not self._example:
            return
        inputs = self._example
        native_s = self._seconds(lambda: self._native(inputs))
        if self._backend == "auto" and native_s > WORTH_S:
            logger.info("a step takes %.2f s: not worth a recording", native_s)
            return
        try:
            replay = self._record(Positional(self._unet, tuple(inputs)), tuple(inputs.values()))
            self._keep(inputs, replay)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the denoiser itself works
            logger.warning("the denoiser cannot be recorded, it runs as it is: %s", error)

    def __call__(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: Mapping[str, torch.Tensor] | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """Latents (R, C, h, w), timesteps (R,), states (R, L, D) -> the prediction (R, C, h, w)."""
        inputs = {
            "sample": sample,
            "timestep": timestep,
            "encoder_hidden_states": encoder_hidden_states,
            **(added_cond_kwargs or {}),
        }
        replay = self._replays.get(tuple(inputs))
        if replay is None:
            self._example = inputs
            return (self._native(inputs),)
        key = tuple((each.shape, each.dtype) for each in inputs.values())
        if key not in self._equal:
            return (self._compared(key, inputs, replay),)
        if not self._equal[key]:
            return (self._native(inputs),)
        return (replay(*inputs.values()),)

    def _keep(
        self, inputs: Mapping[str, torch.Tensor], replay: Callable[..., torch.Tensor]
    ) -> None:
        """Take the recording for calls with these names."""
        if not torch.equal(self._native(inputs), replay(*inputs.values())):
            logger.warning("the denoiser's recording gives other numbers, it is not used")
            return
        pairs = [
            (
                self._seconds(lambda: self._native(inputs)),
                self._seconds(lambda: replay(*inputs.values())),
            )
            for _ in range(_ROUNDS)
        ]
        native_s, replay_s = (min(each) for each in zip(*pairs, strict=True))
        quicker = replay_s <= GAIN * native_s
        if quicker or self._backend == "traced":
            self._replays[tuple(inputs)] = replay
        logger.info(
            "a step of %d rows takes %.4f s as it is and %.4f s recorded: %s",
            inputs["sample"].shape[0],
            native_s,
            replay_s,
            self.chosen,
        )

    def _compared(
        self,
        key: tuple[Any, ...],
        inputs: Mapping[str, torch.Tensor],
        replay: Callable[..., torch.Tensor],
    ) -> torch.Tensor:
        """The denoiser's own prediction, and whether the recording may give it the next time."""
        prediction = self._native(inputs)
        try:
            self._equal[key] = torch.equal(prediction, replay(*inputs.values()))
        except RuntimeError:  # what the recording holds does not fit this shape
            self._equal[key] = False
        if not self._equal[key]:
            logger.warning("steps of the shape %s are not replayed", tuple(inputs["sample"].shape))
        return prediction

    def _native(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return called(self._unet, inputs)

    def _seconds(self, forward: Callable[[], object]) -> float:
        began = self._clock()
        forward()
        return self._clock() - began


class Positional(torch.nn.Module):
    """A UNet whose inputs are given in the order of `names`, as TorchScript records them."""

    def __init__(self, unet: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.unet = unet
        self.names = names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The prediction (R, C, h, w)."""
        return called(self.unet, dict(zip(self.names, inputs, strict=True)))


def called(unet: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The prediction of a diffusers UNet for inputs by name."""
    added = {name: inputs[name] for name in ("text_embeds", "time_ids") if name in inputs}
    prediction: torch.Tensor = unet(
        inputs["sample"],
        inputs["timestep"],
        encoder_hidden_states=inputs["encoder_hidden_states"],
        added_cond_kwargs=added or None,
        return_dict=False,
    )[0]
    return prediction


def recorded(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> Callable[..., torch.Tensor]:
    """TorchScript's recording of one forward. It is replayed without further optimization, which
    could change the order of additions and gains nothing here."""
    with warnings.catch_warnings():
        # That it is deprecated, and that branches of Python are not recorded: shapes are compared.
        warnings.simplefilter("ignore")
        trace = torch.jit.trace(module, inputs, check_trace=False)

    def replay(*given: torch.Tensor) -> torch.Tensor:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # not in its stubs
            prediction: torch.Tensor = trace(*given)
        return prediction

    return replay
