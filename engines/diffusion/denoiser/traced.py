"""Record the denoiser's operators once, and replay them without Python.

A small UNet has about a thousand operators, and calling one from Python often takes longer than
running it. A TorchScript trace has the same operators in the same order, so its results are
bit-identical. ONNX Runtime has other operators, so its results differ in the last digits. Both are
checked: the first forward pass of each shape is computed with and without the recording, and if
the results differ (for ONNX Runtime: by more than `CLOSE`), this shape is never replayed.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch

from engines.diffusion.denoiser.named_inputs import NamedInputs, called
from engines.diffusion.denoiser.onnx_session import exported

if TYPE_CHECKING:
    from engines.protocols import Clock

logger = logging.getLogger(__name__)

Backend = Literal["auto", "native", "traced", "onnx"]
Recording = Literal["traced", "onnx"]
Record = Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], Callable[..., torch.Tensor]]

WORTH_S = 0.5
"""`auto` records only if a step takes at most this many seconds. A recording saves about 10 ms per
step, which is less than 3 % of a longer step, and measuring it takes many steps."""
GAIN = 0.97
"""`auto` uses the recording if a step then takes at most this fraction of the time without it."""
CLOSE = 1e-4
"""Largest allowed difference of ONNX Runtime's prediction, relative to the largest value of the
prediction. Pictures then differ by at most 1 of 255."""
_ROUNDS = 3
_TRIED: dict[Backend, tuple[Recording, ...]] = {
    "auto": ("traced",),
    "native": (),
    "traced": ("traced",),
    "onnx": ("onnx", "traced"),
}
"""Which recordings `choose` tries, in order, until one is usable."""


class TracedDenoiser(NamedInputs):
    """Called like the UNet that it wraps; before `choose` is called, it only calls the UNet."""

    def __init__(
        self,
        unet: Any,
        backend: Backend = "auto",
        clock: Clock = time.perf_counter,
        records: Mapping[Recording, Record] | None = None,
    ) -> None:
        """`clock`: seconds, for measuring. `records`: functions that make the recordings, for
        tests."""
        self._unet = unet
        self._backend = backend
        self._clock = clock
        self._records = records or {"traced": recorded, "onnx": exported}
        self._example: dict[str, torch.Tensor] = {}
        self._replays: dict[tuple[str, ...], Callable[..., torch.Tensor]] = {}
        self._equal: dict[tuple[Any, ...], bool] = {}
        self._chosen: Recording | None = None

    @property
    def chosen(self) -> Literal["native", "traced", "onnx"]:
        """Which implementation runs the steps now."""
        return self._chosen or "native"

    @property
    def note(self) -> str | None:
        """A note for recipes if the results are not bit-identical to the UNet's, else None."""
        return "The steps ran in ONNX Runtime" if self._chosen == "onnx" else None

    def choose(self) -> None:
        """Record the last forward pass, and use the recording if its results agree and, with
        `auto`, if it is faster.

        Blocks for about ten forward passes per recording that is tried. If recording fails, the
        UNet is called as before.
        """
        tried = _TRIED[self._backend] if self._example else ()
        for each in tried:
            if self._is_kept(each, self._example):
                return

    def _is_kept(self, name: Recording, inputs: dict[str, torch.Tensor]) -> bool:
        """Make this recording, and use it if it qualifies; returns whether it is used."""
        native_s = self._seconds(lambda: self._native(inputs))
        if self._backend == "auto" and native_s > WORTH_S:
            logger.info("not recorded: at %.2f s per step a recording gains too little", native_s)
            return False
        module = Positional(self._unet, tuple(inputs))
        try:
            replay = self._records[name](module, tuple(inputs.values()))
            same = _SAME[name](self._native(inputs), replay(*inputs.values()))
        except Exception as error:  # noqa: BLE001 - whatever fails here, the denoiser itself works
            logger.warning("%s: the denoiser cannot be recorded: %s", name, error)
            return False
        if not same:
            logger.warning("%s: the recording is not used, because its results differ", name)
            return False
        return self._is_quick(name, inputs, replay)

    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """The prediction (R, C, h, w): replayed if a recording is in use and its results for this
        shape agree with the UNet's."""
        replay = self._replays.get(tuple(inputs))
        if replay is None:
            self._example = inputs
            return self._native(inputs)
        key = tuple((each.shape, each.dtype) for each in inputs.values())
        if key not in self._equal:
            return self._compared(key, inputs, replay)
        if not self._equal[key]:
            return self._native(inputs)
        return replay(*inputs.values())

    def _is_quick(
        self,
        name: Recording,
        inputs: dict[str, torch.Tensor],
        replay: Callable[..., torch.Tensor],
    ) -> bool:
        """Measure the recording, and use it if it is fast enough; returns whether it is used."""
        pairs = [
            (
                self._seconds(lambda: self._native(inputs)),
                self._seconds(lambda: replay(*inputs.values())),
            )
            for _ in range(_ROUNDS)
        ]
        native_s, replay_s = (min(each) for each in zip(*pairs, strict=True))
        if replay_s <= GAIN * native_s or self._backend != "auto":
            self._chosen, self._replays[tuple(inputs)] = name, replay
        rows = inputs["sample"].shape[0]
        told = "a step of %d rows takes %.4f s from Python and %.4f s %s: %s"
        logger.info(told, rows, native_s, replay_s, name, self.chosen)
        return self._chosen is not None

    def _compared(
        self,
        key: tuple[Any, ...],
        inputs: Mapping[str, torch.Tensor],
        replay: Callable[..., torch.Tensor],
    ) -> torch.Tensor:
        """The UNet's prediction. Also notes whether the recording's agrees for this shape."""
        prediction = self._native(inputs)
        try:
            replayed = replay(*inputs.values())
            self._equal[key] = _SAME[self._chosen or "traced"](prediction, replayed)
        except Exception:  # noqa: BLE001 - the recording does not work for this shape
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


def _is_close(prediction: torch.Tensor, replayed: torch.Tensor) -> bool:
    """Whether the tensors differ by at most `CLOSE` times the largest value of `prediction`."""
    bound = CLOSE * prediction.abs().max()
    return bool((prediction - replayed).abs().max() <= bound)


_SAME: dict[Recording, Callable[[torch.Tensor, torch.Tensor], bool]] = {
    "traced": torch.equal,
    "onnx": _is_close,
}


class Positional(torch.nn.Module):
    """A UNet with positional inputs in the order of `names`, which TorchScript requires."""

    def __init__(self, unet: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.unet = unet
        self.names = names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The prediction (R, C, h, w)."""
        return called(self.unet, dict(zip(self.names, inputs, strict=True)))


def recorded(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> Callable[..., torch.Tensor]:
    """A TorchScript trace of one forward pass of the module.

    Replayed without TorchScript's optimization, which could change the order of additions and is
    not faster here.
    """
    with warnings.catch_warnings():
        # Expected warnings: tracing is deprecated, and Python branches are not recorded, which
        # the comparison per shape makes up for.
        warnings.simplefilter("ignore")
        trace = torch.jit.trace(module, inputs, check_trace=False)

    def replay(*given: torch.Tensor) -> torch.Tensor:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # not in its stubs
            prediction: torch.Tensor = trace(*given)
        return prediction

    return replay
