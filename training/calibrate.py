"""Stage 6: make guidance 7.5 look like guidance 3. ``python -m training.calibrate --minutes 6``.

Stable Diffusion's customary guidance of 7.5 over-saturates a model this small. The caller's number
is not touched; instead the conditional prediction is taught to differ less from the unconditional
one: a student learns ``u + k(t) (c - u)`` of its frozen teacher's predictions ``c`` (with the
caption) and ``u`` (without), where ``7.5 k`` is the guidance that the teacher looks best at: more
while the picture is noise, about 1 at the end (arXiv:2404.07724: guidance helps at high noise).
"""

import copy

import torch
from torch import Tensor
from torch.multiprocessing.spawn import spawn

from training.assemble import load_denoiser
from training.batches import Batch
from training.cache import parser
from training.captions import unconditional
from training.precision import mixed_precision
from training.unet import Options, Run, add_options, join

NOMINAL = 7.5
EARLY, LATE = 3.5, 1.2
"""The teacher's own guidance at t = 999 and at t = 0."""


def shrinkage(t: Tensor) -> Tensor:
    """Return k of (n,) timesteps, float32: linear in t between late and early guidance."""
    return (LATE + (EARLY - LATE) * t.float() / 999) / NOMINAL


class Calibration(Run):
    """Distils the trained model into one that is calibrated for guidance 7.5."""

    checkpoint_name = "calibrated.pt"
    warmup_steps = 20

    def __init__(self, options: Options, rank: int) -> None:
        super().__init__(options, rank)
        self.teacher = load_denoiser(self.cache).requires_grad_(False)
        if self.step == 0:
            self.model.load_state_dict(copy.deepcopy(self.teacher.state_dict()))
            self.ema = [p.detach().clone() for p in self.model.parameters()]

    def target_loss(self, batch: Batch) -> Tensor:
        """Return the loss against the teacher's shrunk prediction; one caption in six is empty."""
        n = len(batch.captions)
        t = self.diffusion.timesteps(n, self.generator)
        noise = torch.randn(batch.latents.shape, generator=self.generator)
        noisy = self.diffusion.noised(batch.latents, noise, t)
        captions = [unconditional(c, 1 / 6, self.sampler.rng) for c in batch.captions]
        with torch.no_grad(), mixed_precision():
            both = self.teacher(
                torch.cat([noisy, noisy]), torch.cat([t, t]), [*captions, *[""] * n]
            ).float()
            with_words, without = both.chunk(2)
            k = shrinkage(t).view(-1, 1, 1, 1)
            target = without + k * (with_words - without)
        with mixed_precision():
            predicted = self.model(noisy, t, captions)
        return self.diffusion.loss(predicted.float(), target, t)


def work(rank: int, options: Options) -> None:
    """Run one distilling process."""
    join(rank, options)
    Calibration(options, rank).loop()


def main() -> None:
    """Distil until the time budget is spent."""
    made = parser(__doc__)
    add_options(made)
    made.set_defaults(minutes=6, batch=48, peak=6e-4, hold=0.3)
    options = Options(**vars(made.parse_args()))
    spawn(work, args=(options,), nprocs=options.processes)


if __name__ == "__main__":
    main()
