"""Finds the way of doing the denoiser's steps with the most samples per second on this machine.

Every way runs for about a second, and the parts of its step are timed. ``launched`` is the time
until the host finished a part, ``done`` the time until the device did. If both are equal, the host
is the bottleneck.
"""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from training.denoise import BASE_BATCH, Training, composed
from training.language.words import TOKENS
from training.networks.latent_code import CHANNELS, LatentCode
from training.running.feed import GRIDS
from training.running.steps import Way
from training.workshop import Options, Workshop

SECONDS = 40.0
"""Time limit for all ways together. A way that runs at the limit is finished."""
EACH_S = 0.8
LARGER = 0.25
"""Exponent: a batch twice as large is only chosen if it gives 2 to the power of this times as many
samples per second, because training with it needs more samples."""
COMPOSING = 0.3
"""Largest share of composing in a step's time. If it takes more, batches are used several times."""
MOST_USES = 3


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a part: until the host, and until the device had finished it."""

    launched: float
    done: float

    def __str__(self) -> str:
        return f"{self.done:.1f} ({self.launched:.1f})"


@dataclass(frozen=True)
class Choice:
    """A way, its samples per second including composing, and how often a composed batch is used."""

    way: Way
    rate: float
    uses: int = 1

    @property
    def score(self) -> float:
        """The rate, less for larger batches."""
        return self.rate / (self.way.batch / BASE_BATCH) ** LARGER


def wait(device: str) -> None:
    """Wait until the device has finished all work."""
    if device != "cpu":
        torch.cuda.synchronize()


def release(device: str) -> None:
    """Free the memory of trainings that have ended."""
    if device != "cpu":
        gc.collect()
        torch.cuda.empty_cache()


def timed(work: Callable[[], object], device: str, seconds: float, most: int = 30) -> Timing:
    """Return the mean time of a call, which is repeated for ``seconds``, at most ``most`` times.
    The first call is not counted."""
    work()
    wait(device)
    launched, done, count, began = 0.0, 0.0, 0, time.monotonic()
    while count < most and (count == 0 or time.monotonic() - began < seconds):
        start = time.monotonic()
        work()
        launched += time.monotonic() - start
        wait(device)
        done += time.monotonic() - start
        count += 1
    return Timing(1000 * launched / count, 1000 * done / count)


def a_batch(count: int, device: str) -> tuple[Tensor, Tensor]:
    """Return random latents (n, 24, 16, 16) and random token ids (n, 32)."""
    clean = torch.randn(count, *GRIDS[0], CHANNELS, device=device).permute(0, 3, 1, 2)
    return clean, torch.randint(0, 1000, (count, TOKENS), device=device)


def parts(training: Training, clean: Tensor, tokens: Tensor, seconds: float) -> dict[str, Timing]:
    """Time a step and its parts. The forward pass is not timed separately if the gradient is
    recorded as a CUDA graph."""
    device, steps = training.device, training.steps
    whole = timed(lambda: steps(clean, tokens), device, seconds)
    found = {"step": whole, "optimizer": timed(steps.descend, device, seconds / 4)}
    found["gradient"] = timed(lambda: steps.slope(clean, tokens), device, seconds / 4)
    if not steps.recorded:
        with torch.no_grad():
            forward = timed(lambda: training.loss(clean, tokens), device, seconds / 4)
        found["forward"] = forward
    return found


def tried(options: Options, way: Way, composing: Timing, seconds: float) -> Choice | None:
    """Measure a way, print the times of its parts, and return the result; None if it fails.
    ``composing``: the time of composing a batch of ``options.batch``."""
    release(options.device)
    began = time.monotonic()
    try:
        training = Training(options, 1e-4, way)
        found = parts(training, *a_batch(way.batch, options.device), seconds)
        if way.graphed and not training.steps.recorded:
            return None
    except RuntimeError as error:
        print(f"choose: {way}: fails: {str(error).strip().splitlines()[:1]}", flush=True)
        return None
    choice = judged(way, found["step"].done, composing.done * way.batch / options.batch)
    line = ", ".join(f"{name} {timing}" for name, timing in found.items())
    told = f"{choice.rate:.0f} samples/s at {choice.uses} uses, {time.monotonic() - began:.1f} s"
    print(f"choose: {way}: {line}; {told}", flush=True)
    return choice


def judged(way: Way, step_ms: float, composing_ms: float) -> Choice:
    """Return the samples per second and uses of a way. The device runs the steps and composes each
    batch once for all its uses."""
    uses = 1
    while uses < MOST_USES and composing_ms / uses > COMPOSING * step_ms:
        uses += 1
    return Choice(way, way.batch / (step_ms + composing_ms / uses) * 1000, uses)


def ways(batch: int, able: frozenset[str], best: Callable[[], Way]) -> Iterator[Way]:
    """Yield the ways to try. ``able``: those of "graphs" and "compiled" that work here. ``best``
    returns the best way of those that were tried so far."""
    yield Way(batch)
    if "graphs" in able:
        yield Way(batch, graphed=True)
        yield Way(batch, graphed=True, channels_last=False)
    if "compiled" in able:
        yield Way(batch, graphed="graphs" in able, compiled=True)
    plain = best()
    if not plain.compiled:  # another batch size would be compiled again
        yield replace(plain, batch=2 * batch)
    if best().batch > batch:
        yield replace(best(), batch=4 * batch)


def choose(
    shop: Workshop,
    code: LatentCode,
    able: frozenset[str],
    seconds: float = SECONDS,
    each_s: float = EACH_S,
) -> Choice:
    """Measure the ways, each for ``each_s`` seconds, and return the best. Starts no new way after
    ``seconds``."""
    options, began = shop.options, time.monotonic()
    jobs = shop.jobs(options.batch, 23, native=True)
    composing = timed(lambda: composed(shop, code, next(jobs)), options.device, each_s, 10)
    told = f"composing {options.batch}: {composing}; everything in ms: done (launched)"
    print(f"choose: {told}", flush=True)
    found: list[Choice] = []
    plain = Choice(Way(options.batch), 0.0)

    def best() -> Choice:
        return max([*found, plain], key=lambda choice: choice.score)

    for way in ways(options.batch, able, lambda: best().way):
        choice = tried(options, way, composing, each_s)
        if choice is not None:
            found.append(choice)
        if time.monotonic() - began > seconds:
            break
    chosen = best()
    release(options.device)
    print(f"choose: {chosen.way}, {chosen.uses} uses, of {len(found)} ways", flush=True)
    return chosen
