"""The denoiser's operators, recorded once and replayed without Python between them.

A small UNet has about a thousand operators, and calling them from Python takes longer than many of
them run. TorchScript's recording holds the same operators in the same order, so it gives the same
bits, whatever the number of rows. ONNX Runtime has operators of its own: its numbers differ in the
last digits, as they do between steps with more and with fewer rows. Neither is taken for granted:
the first forward of each shape is computed both ways, and a shape for which they differ (by more
than `CLOSE`) is never replayed.
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
"""A recording saves about 10 ms of a step. One that takes so long gains less than 3 %, and would
take many such steps to record and to measure."""
GAIN = 0.97
"""`auto` takes the recording if a step takes at most this part of its time without."""
CLOSE = 1e-4
"""How far ONNX Runtime's prediction may be from the denoiser's own, as a part of its largest
value. Pictures then differ by 1 of 255 at most."""
_ROUNDS = 3
_TRIED: dict[Backend, tuple[Recording, ...]] = {
    "auto": ("traced",),
    "native": (),
    "traced": ("traced",),
    "onnx": ("onnx", "traced"),
}
"""What `choose` tries, in this order, until one can be kept."""


class TracedDenoiser(NamedInputs):
    """Called like the UNet that it holds; runs it as it is until `choose` is called."""

    def __init__(
        self,
        unet: Any,
        backend: Backend = "auto",
        clock: Clock = time.perf_counter,
        records: Mapping[Recording, Record] | None = None,
    ) -> None:
        """`records` replaces how recordings are made; `clock` is what `auto` measures with."""
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
        """What runs the steps now."""
        return self._chosen or "native"

    @property
    def note(self) -> str | None:
        """What a recipe says of steps whose last digits are not the denoiser's own."""
        return "The steps ran in ONNX Runtime" if self._chosen == "onnx" else None

    def choose(self) -> None:
        """Record the forward that ran last, and keep the recording if it gives the same numbers
        and, with `auto`, if it is quicker. Blocks for about twenty forwards. A denoiser that cannot
        be recorded runs as it is."""
        tried = _TRIED[self._backend] if self._example else ()
        for each in tried:
            if self._is_kept(each, self._example):
                return

    def _is_kept(self, name: Recording, inputs: dict[str, torch.Tensor]) -> bool:
        """Make this recording, and take it if it is worth it."""
        native_s = self._seconds(lambda: self._native(inputs))
        if self._backend == "auto" and native_s > WORTH_S:
            logger.info("a step takes %.2f s: not worth a recording", native_s)
            return False
        module = Positional(self._unet, tuple(inputs))
        try:
            replay = self._records[name](module, tuple(inputs.values()))
            same = _SAME[name](self._native(inputs), replay(*inputs.values()))
        except Exception as error:  # noqa: BLE001 - whatever fails here, the denoiser itself works
            logger.warning("%s: the denoiser cannot be recorded: %s", name, error)
            return False
        if not same:
            logger.warning("%s: the recording gives other numbers, it is not used", name)
            return False
        return self._is_quick(name, inputs, replay)

    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Replayed where that was chosen and gives the same numbers for inputs of this shape."""
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
        """Measure the recording; whether it is kept."""
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
        """The denoiser's own prediction, and whether the recording may give it the next time."""
        prediction = self._native(inputs)
        try:
            replayed = replay(*inputs.values())
            self._equal[key] = _SAME[self._chosen or "traced"](prediction, replayed)
        except Exception:  # noqa: BLE001 - what the recording holds does not fit this shape
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
    """Whether both are the same but for the last digits."""
    bound = CLOSE * prediction.abs().max()
    return bool((prediction - replayed).abs().max() <= bound)


_SAME: dict[Recording, Callable[[torch.Tensor, torch.Tensor], bool]] = {
    "traced": torch.equal,
    "onnx": _is_close,
}


class Positional(torch.nn.Module):
    """A UNet whose inputs are given in the order of `names`, as TorchScript records them."""

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
