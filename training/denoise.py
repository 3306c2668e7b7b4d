"""Stage 3: train the denoiser and the text encoder. ``python -m training.denoise --minutes 60``.

v-prediction with zero terminal SNR, Muon, an EMA of the weights, a learning rate that follows the
time budget. Stop it at any time: the next start goes on from the last checkpoint.
"""

import copy
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training import reading
from training.cache import Cache, load_state
from training.diffusion import Diffusion
from training.feed import CAPTION_DROP, GRIDS, Job
from training.latent_code import LatentCode
from training.loop import Loop, Smoothed
from training.optimize import Optimizer
from training.parts import FULL, Denoiser, Widths, build_scheduler
from training.precision import laid_out, mixed_precision
from training.schedule import TimeBudget
from training.workshop import Options, Workshop, stage_parser

CHECKPOINT = "denoiser.pt"
KEEP_EVERY = 500
"""Steps between two checkpoints."""
EMA_STEPS = 200
"""About how many of the last steps the averaged weights remember."""


def averaged(model: Denoiser) -> AveragedModel:
    """Return a running mean of the weights, over about the last 200 steps."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(1 - 1 / EMA_STEPS))


def tokenizer_folder(cache: Cache) -> Path:
    """Return where the cache keeps its tokenizer."""
    return cache.file("tokenizer/x").parent


def load(cache: Cache, widths: Widths = FULL) -> Denoiser:
    """Return the averaged denoiser of the cache, in eval mode; FileNotFoundError without one."""
    state = load_state(cache.file(CHECKPOINT))
    if state is None:
        raise FileNotFoundError(cache.file(CHECKPOINT))
    made = Denoiser(tokenizer_folder(cache), widths)
    mean = averaged(made)
    mean.load_state_dict(state["mean"])
    made.load_state_dict(mean.module.state_dict())
    return made.eval()


class Training:
    """The denoiser's loss on a stream of jobs."""

    def __init__(self, shop: Workshop, code: LatentCode, *, compiled: bool) -> None:
        self.shop, self.code, self.device = shop, code, shop.options.device
        torch.manual_seed(shop.options.seed)
        self.model = Denoiser(shop.tokenizer, shop.options.widths).to(self.device)
        words = load_state(shop.options.cache.file(reading.CHECKPOINT))
        if words is not None:
            known = {k.removeprefix("text_encoder."): v for k, v in words["model"].items()}
            own = self.model.text_encoder.state_dict()
            self.model.text_encoder.load_state_dict({k: known[k] for k in own})
        laid_out(self.model.unet)
        self._quick = torch.compile(self.model.unet) if compiled else self.model.unet
        self.diffusion = Diffusion(build_scheduler(), self.device)
        self.mean, self.samples = Smoothed(), 0

    def loss(self, job: Job) -> Tensor:
        """Return the loss of one batch at drawn noise levels."""
        clean = self.code.encode(self.shop.half(job))
        t = self.diffusion.timesteps(len(clean))
        noise = torch.randn_like(clean)
        noisy = self.diffusion.noised(clean, noise, t)
        unet = self._quick if job.grid == GRIDS[0] else self.model.unet
        with mixed_precision(self.device):
            tokens = job.tokens.to(self.device, non_blocking=True)
            words = self.model.text_encoder(tokens)[0]
            noisy = noisy.to(memory_format=torch.channels_last)
            made = unet(noisy, t, words, return_dict=False)[0].float()
        self.samples += len(clean)
        return self.mean.add(self.diffusion.loss(made, self.diffusion.velocity(clean, noise, t), t))


def train(
    shop: Workshop,
    code: LatentCode,
    minutes: float,
    peak: float,
    *,
    compiled: bool = False,
    kept: Callable[[], object] | None = None,
) -> None:
    """Train until the budget is spent; goes on from the cache's checkpoint. ``kept`` is called
    after each checkpoint on the way."""
    training, options = Training(shop, code, compiled=compiled), shop.options
    mean = averaged(copy.deepcopy(training.model))
    loop = Loop(
        *("denoiser", options.cache.file(CHECKPOINT), training.model),
        *(Optimizer(training.model, peak), TimeBudget(minutes * 60), peak),
        hold=0.55,
        keep_every=KEEP_EVERY,
        beside={"mean": mean},
        after=lambda: mean.update_parameters(training.model),
        kept=kept,
    )
    jobs = shop.jobs(options.batch, 3 + loop.step, drop=CAPTION_DROP)
    loop.run(
        lambda: training.loss(next(jobs)),
        lambda: f"{training.samples} samples, loss {training.mean.value:.4f}",
    )


def guesser(model: Denoiser, device: str) -> Callable[[Job, Tensor], Tensor]:
    """Return what spoils a job's latents as the denoiser does: three in five of them are what it
    makes, in one step, of that latent with noise."""
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
    """Train on the command line's options."""
    made = stage_parser(__doc__, minutes=60, batch=64)
    made.add_argument("--peak", type=float, default=2e-3, help="highest learning rate")
    made.add_argument("--compile", action="store_true", help="a minute first, then quicker steps")
    args = made.parse_args()
    shop = Workshop(Options.of(args))
    train(shop, shop.code(), args.minutes, args.peak, compiled=args.compile)


if __name__ == "__main__":
    main()
