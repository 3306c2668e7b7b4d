"""Stage 5: train the denoiser and the text encoder. ``python -m training.denoise --minutes 60``.

v-prediction with zero terminal SNR, the Muon optimizer, a running mean of the weights, and a
learning rate that follows the time budget. It can be stopped at any time; the next start continues
from the last checkpoint.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from training import reading, warm
from training.cache import Cache, load_state
from training.networks.diffusion import Diffusion
from training.networks.latent_code import LatentCode
from training.networks.parts import FULL, Denoiser, Widths, build_scheduler
from training.running.ahead import Ahead, Batch
from training.running.feed import CAPTION_DROP, GRIDS, Job
from training.running.loop import Loop, Smoothed
from training.running.optimize import MeanWeights, Optimizer
from training.running.precision import laid_out, mixed_precision
from training.running.schedule import TimeBudget
from training.running.steps import Graphs, Steps, Way
from training.workshop import Options, Workshop, stage_parser

CHECKPOINT = "denoiser.pt"
KEEP_EVERY, KEEP_S = 20, 75.0
"""Steps, and least seconds, between two checkpoints."""
PARTS = 2
"""Number of steps whose batches are composed at once, as one job."""
BASE_BATCH = 1024
"""The batch size for which the learning rate is given. For larger batches it is multiplied by the
square root of the ratio."""


def tokenizer_folder(cache: Cache) -> Path:
    """Return the folder of the tokenizer in the cache."""
    return cache.file("tokenizer/x").parent


def load(cache: Cache, widths: Widths = FULL) -> Denoiser:
    """Return the denoiser of the cache with its mean weights, in eval mode. Raises
    FileNotFoundError if there is none."""
    state = load_state(cache.file(CHECKPOINT))
    if state is None:
        raise FileNotFoundError(cache.file(CHECKPOINT))
    made = Denoiser(tokenizer_folder(cache), widths)
    made.load_state_dict(state["mean"])
    return made.eval()


def begun(options: Options) -> Denoiser:
    """Return the denoiser at the start of training: that of the start folder, if the cache has one,
    or else a new one, with the text encoder of the reading stage if there is one."""
    torch.manual_seed(options.seed)
    made = Denoiser(tokenizer_folder(options.cache), options.widths)
    if warm.denoiser(options.cache, made):
        return made
    words = load_state(options.cache.file(reading.CHECKPOINT))
    if words is not None:
        known = {k.removeprefix("text_encoder."): v for k, v in words["model"].items()}
        own = made.text_encoder.state_dict()
        made.text_encoder.load_state_dict({k: known[k] for k in own})
    return made


class Training:
    """The denoiser's gradients and steps. ``way``: how they run on the device. On a GPU the network
    uses weights rounded to bfloat16; the optimizer keeps them in float32."""

    def __init__(self, options: Options, peak: float, way: Way) -> None:
        self.device, self.way = options.device, way
        self.model = begun(options).to(self.device)
        if way.channels_last:
            laid_out(self.model.unet)
        kind = torch.float32 if self.device == "cpu" else torch.bfloat16
        self.optimizer = Optimizer(self.model, peak, kind)
        self._kind, self._quick = kind, self.model.unet
        if way.compiled:
            self._quick = torch.compile(self.model.unet, dynamic=False)
        self._diffusion = Diffusion(build_scheduler(), self.device)
        graphs = Graphs() if way.graphed and torch.cuda.is_available() else None
        self.steps = Steps(self.gradient, self.optimizer, graphs)

    def loss(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Return the loss of a batch at random noise levels. Everything is computed on the
        device."""
        diffusion = self._diffusion
        t = diffusion.timesteps(len(clean))
        noise = torch.randn_like(clean)
        order = torch.channels_last if self.way.channels_last else torch.contiguous_format
        noisy = diffusion.noised(clean, noise, t).to(self._kind, memory_format=order)
        unet = self._quick if tuple(clean.shape[2:]) == GRIDS[0] else self.model.unet
        with mixed_precision() if self.device == "cpu" else nullcontext():
            words = self.model.text_encoder(tokens)[0]
            made = unet(noisy, t, words, return_dict=False)[0].float()
        return diffusion.loss(made, diffusion.velocity(clean, noise, t), t)

    def gradient(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Compute the gradients of a batch, and return its loss."""
        self.optimizer.zero_grad()
        loss = self.loss(clean, tokens)
        loss.backward()
        return loss.detach()


def composed(shop: Workshop, code: LatentCode, job: Job) -> Batch:
    """Compose the batch of a job on the device."""
    clean = code.encode(shop.half(job))
    return Batch(job.grid, clean, job.tokens.to(shop.options.device, non_blocking=True))


def train(
    shop: Workshop,
    code: LatentCode,
    minutes: float,
    peak: float,
    *,
    way: Way | None = None,
    uses: int = 1,
    kept: Callable[[], object] | None = None,
    keep_s: float = KEEP_S,
) -> None:
    """Train until the budget is used up. Continues from the cache's checkpoint. ``peak``: the
    highest learning rate at a batch size of 1,024. ``uses``: how often each composed batch is used.
    ``kept`` is called after each checkpoint except the last. ``keep_s``: least seconds between two
    checkpoints."""
    options = shop.options
    way = way or Way(options.batch)
    peak *= (way.batch / BASE_BATCH) ** 0.5 if way.batch > BASE_BATCH else 1
    training, mean = Training(options, peak, way), Smoothed()
    loop = Loop(
        *("denoiser", options.cache.file(CHECKPOINT), training.model),
        *(training.optimizer, TimeBudget(minutes * 60), peak),
        hold=0.55,
        keep_every=KEEP_EVERY,
        beside={"mean": MeanWeights(training.optimizer)},
        kept=kept,
        keep_s=keep_s,
    )
    jobs = shop.jobs(PARTS * way.batch, 3 + loop.step, drop=CAPTION_DROP)
    make = partial(composed, shop, code)
    batches = Ahead(jobs, make, options.device, uses, parts=PARTS)

    def stride() -> None:
        batch = next(batches)
        mean.add(training.steps(batch.clean, batch.tokens))
        loop.samples += len(batch.clean)

    loop.drive(stride, lambda: f"{loop.samples} samples, loss {mean.value:.4f}")


def guesser(model: Denoiser, device: str) -> Callable[[Job, Tensor], Tensor]:
    """Return a function that changes a job's latents as the denoiser would: noise is added to 60 %
    of them, and they are replaced by the denoiser's prediction in one step."""
    diffusion = Diffusion(build_scheduler(), device)
    model.to(device).eval()

    @torch.no_grad()
    def guess(job: Job, clean: Tensor) -> Tensor:
        t = torch.randint(30, 550, (len(clean),), device=device)
        noisy = diffusion.noised(clean, torch.randn_like(clean), t)
        with mixed_precision(device):
            v = model(noisy, t, job.tokens.to(device)).float()
        made = diffusion.clean(noisy, v, t)
        spoilt = torch.rand(len(clean), 1, 1, 1, device=device) < 0.6
        return torch.where(spoilt, made, clean)

    return guess


def main() -> None:
    """Train with the options of the command line."""
    made = stage_parser(__doc__, minutes=60, batch=64)
    made.add_argument("--peak", type=float, default=2e-3, help="highest learning rate")
    made.add_argument(
        "--compile", action="store_true", help="compile first (about a minute), then faster steps"
    )
    made.add_argument("--graphs", action="store_true", help="record the steps as CUDA graphs")
    args = made.parse_args()
    shop = Workshop(Options.of(args))
    way = Way(args.batch, args.graphs, args.compile)
    train(shop, shop.code(), args.minutes, args.peak, way=way)


if __name__ == "__main__":
    main()
