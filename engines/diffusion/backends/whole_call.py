"""Runs pipelines of any other family through their `__call__`, interrupted after every step.

The call runs on its own thread and pauses in `callback_on_step_end`. The engine's thread resumes
it and waits for the next pause, so only one of the two threads runs at a time. For the engine it
is a runner that takes steps, so progress, fairness, deadlines and cancellation work as for the
others. The steps of different requests are not batched.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from engines.diffusion.contract import DecodedImage
from engines.diffusion.decoding.decode import to_pixels
from engines.diffusion.sampling import noise_schedules
from engines.errors import GenerationFailed
from engines.types import GenerationRequest

if TYPE_CHECKING:
    from engines.diffusion.contract import RunnerInfo


class _Abandoned(Exception):
    """Raised inside the pipeline's call to end it early."""


@dataclass(slots=True, eq=False)
class WholeCall:
    """Implements `contract.Denoising` for one running pipeline call."""

    request: GenerationRequest
    evaluations_total: int
    """The requested number of steps; after the first step, the number that the pipeline takes."""
    evaluations_done: int = 0
    rows: int = 1
    picture: Any = None
    """Float (1, 3, H, W), 0..1; None until the call has returned."""
    error: Exception | None = None
    abandoned: bool = False
    thread: threading.Thread | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def resume(self) -> None:
        """Let the call run, and block until it has completed a step or has ended."""
        if self.thread is not None and self.thread.ident is None:
            self.thread.start()
        else:
            self.go.release()
        self.stopped.acquire()

    def pause(self) -> None:
        """Called on the call's thread: let `resume` return, and block until it is called again."""
        self.stopped.release()
        self.go.acquire()
        if self.abandoned:
            raise _Abandoned


class WholeCallRunner:
    """Implements `contract.Runner` for a pipeline whose `__call__` makes a picture from a prompt.

    Request fields for which `__call__` has no parameter are ignored, and the image's notes name
    them. Concurrent calls share the weights; each has its own pipeline object and noise scheduler.
    """

    def __init__(
        self, pipe: Any, info: RunnerInfo, release: Callable[[], None] = lambda: None
    ) -> None:
        self._pipe: Any = pipe
        self._info = info
        self._release = release
        self._accepted = frozenset(inspect.signature(type(pipe).__call__).parameters)

    @property
    def info(self) -> RunnerInfo:
        """Properties of the model, read when it was loaded."""
        return self._info

    def start(self, requests: Sequence[GenerationRequest]) -> list[WholeCall]:
        calls = [WholeCall(request, request.num_inference_steps) for request in requests]
        for call in calls:
            pipe = self._own_pipeline()
            call.thread = threading.Thread(target=self._run, args=(pipe, call), daemon=True)
        return calls

    def step(self, batch: Sequence[WholeCall]) -> list[Exception | None]:
        errors: list[Exception | None] = []
        for call in batch:
            call.resume()
            if call.picture is not None:
                call.evaluations_done = call.evaluations_total
            errors.append(call.error)
        return errors

    def preview(self, call: WholeCall, max_side_px: int) -> None:
        """None: the layout of the latents is known only to the pipeline."""

    def decode(self, call: WholeCall) -> DecodedImage:
        """The picture that the pipeline returned.

        Raises whatever the pipeline raised, and `GenerationFailed` if it takes more steps than
        its `num_timesteps` said.
        """
        if call.picture is None and call.error is None:
            call.resume()
        if call.error is not None:
            raise call.error
        if call.picture is None:
            raise GenerationFailed("The pipeline made more steps than it had announced")
        request = call.request
        whole = to_pixels(call.picture * 2 - 1)
        pixels, resized = self._info.sizes.fitted(whole, request.height, request.width)
        notes = (*self._notes(request), *([resized] if resized else []))
        return DecodedImage(pixels, {"policy": "off", "flagged": None}, notes)

    def abandon(self, call: WholeCall) -> None:
        """End the call before its next step. Blocks until its thread has ended."""
        call.abandoned = True
        if call.thread is not None and call.thread.is_alive():
            call.go.release()
            call.thread.join()

    def warm(self) -> None:
        """Does nothing: this runner could only warm up by making a whole picture."""

    def step_s(self, rows: int, side_px: int) -> None:
        """None: the steps of requests are not batched."""

    def close(self) -> None:
        self._pipe = None
        self._release()

    def _own_pipeline(self) -> Any:
        components = dict(self._pipe.components)
        components["scheduler"] = noise_schedules.fresh(components["scheduler"])
        pipe = type(self._pipe)(**components)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _run(self, pipe: Any, call: WholeCall) -> None:
        """The body of the call's thread. Its start counts as the first `resume`."""

        def on_step_end(pipe: Any, step: int, timestep: Any, tensors: Any) -> Any:
            call.evaluations_total = int(getattr(pipe, "num_timesteps", call.evaluations_total))
            call.evaluations_done = step + 1
            call.pause()
            return tensors

        try:
            if not call.abandoned:
                output = pipe(**self._arguments(call.request, on_step_end))
                call.picture = output.images
        except _Abandoned:
            pass  # the engine has ended the request: nobody waits for a picture or an error
        except Exception as error:  # noqa: BLE001 - handed to the engine's thread
            call.error = error
        finally:
            call.stopped.release()

    def _arguments(self, request: GenerationRequest, on_step_end: Any) -> dict[str, Any]:
        height, width = self._info.sizes.drawn(request.height, request.width)
        offered = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "height": height,
            "width": width,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "guidance_rescale": request.guidance_rescale,
            "generator": torch.Generator("cpu").manual_seed(request.seed),
            "callback_on_step_end": on_step_end,
            "output_type": "pt",
        }
        if request.guidance_rescale is None:
            del offered["guidance_rescale"]
        return {name: value for name, value in offered.items() if name in self._accepted}

    def _notes(self, request: GenerationRequest) -> tuple[str, ...]:
        refused = [
            name
            for name in ("negative_prompt", "guidance_scale", "guidance_rescale", "height", "width")
            if name not in self._accepted and getattr(request, name) is not None
        ]
        notes = (f"{type(self._pipe).__name__} has no {name}" for name in refused)
        return tuple(notes)
