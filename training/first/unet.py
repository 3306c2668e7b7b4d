"""Stage 5: train the denoiser and the text encoder. ``python -m training.first.unet --minutes 50``.

One process for each core, parameters averaged every few steps (gloo), an EMA of the average, the
Muon optimizer, and a learning rate that follows the time budget. It can be stopped at any time; the
next start continues from the last checkpoint and its used time. `--start FOLDER` continues from the
denoiser of an earlier model with the same latent code, and from its text encoder if stage 4 did not
run. On a GPU (`--device cuda --workers 12 --batch 1024`) one process trains and others compose its
batches.
"""

import argparse
import copy
import os
import time
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

import torch
import torch.distributed as dist
from diffusers import UNet2DConditionModel
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from transformers import CLIPTextModel

from training.cache import Cache, load_state, parser, save_state
from training.evaluation.sheet import write
from training.first import text
from training.first.batches import Sampler
from training.first.feed import Batches, Ready, feed
from training.first.latents import Basis
from training.first.networks import Denoiser, build_tokenizer
from training.first.samples import sample_sheet
from training.networks.diffusion import Diffusion
from training.networks.parts import build_scheduler
from training.running.loop import Smoothed
from training.running.optimize import Optimizer
from training.running.precision import fast_products, mixed_precision
from training.running.schedule import TimeBudget, learning_rate
from training.warm import take_tokenizer

AVERAGE_EVERY = 8
EMA_KEEP = 0.96


@dataclass(frozen=True)
class Options:
    """The options of a run."""

    cache: Path
    seed: int
    minutes: float
    processes: int
    batch: int
    peak: float
    hold: float
    sheet_minutes: float
    start: Path | None
    favor: float
    device: str
    workers: int


class Run:
    """One process of a training run and its state."""

    checkpoint_name = "unet.pt"
    warmup_steps = 60

    def __init__(self, options: Options, rank: int) -> None:
        self.options, self.rank = options, rank
        self.cache = Cache(options.cache)
        torch.manual_seed(options.seed)
        self.model = Denoiser(self.cache.file("tokenizer/x").parent)
        self._begin()
        self.model.to(options.device)
        self.optimizer = Optimizer(self.model, options.peak)
        self.diffusion = Diffusion(build_scheduler(), options.device)
        self.budget = TimeBudget(options.minutes * 60)
        self.step, self.samples, self.loss = 0, 0, Smoothed()
        self.ema = [p.detach().clone() for p in self.model.parameters()]
        self._resume()
        seed = options.seed * 1000 + rank + 7919 * self.step
        batches = Batches(
            Sampler(self.cache, seed, options.favor), self.model.tokenizer, options.batch, seed
        )
        self.batches = feed(batches, options.workers, pin=options.device != "cpu")
        self.generator = torch.Generator(options.device).manual_seed(seed)

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.cache.file(self.checkpoint_name)

    def _begin(self) -> None:
        """Copy the weights of the `--start` folder, and the text encoder of stage 4 if it ran."""
        words, start = load_state(self.cache.file(text.CHECKPOINT)), self.options.start
        if start is not None:
            known = UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32)
            self.model.unet.load_state_dict(known.state_dict())
        if words is not None:
            reader = text.Reader(self.cache)
            reader.load_state_dict(words["model"])
            self.model.text_encoder.load_state_dict(reader.text_encoder.state_dict())
        elif start is not None:
            told = CLIPTextModel.from_pretrained(start / "text_encoder", dtype=torch.float32)
            self.model.text_encoder.load_state_dict(told.state_dict())

    def _resume(self) -> None:
        state = load_state(self.checkpoint)
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.ema = [mean.to(self.options.device) for mean in state["ema"]]
        self.step, self.samples = int(str(state["step"])), int(str(state["samples"]))
        self.budget.spent_s = float(str(state["spent_s"]))

    def save(self) -> None:
        """Write weights, EMA, optimizer and the used time. Only the process of rank 0 writes."""
        if self.rank == 0:
            save_state(
                self.checkpoint,
                {
                    "model": self.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "ema": self.ema,
                    "step": self.step,
                    "samples": self.samples,
                    "spent_s": self.budget.spent_s,
                },
            )

    def target_loss(self, batch: Ready) -> Tensor:
        """Return the loss of one batch at random noise levels."""
        clean, device = batch.latents, self.options.device
        t = self.diffusion.timesteps(len(clean), self.generator)
        noise = torch.randn(clean.shape, generator=self.generator, device=device)
        with mixed_precision(device):
            predicted = self.model(self.diffusion.noised(clean, noise, t), t, batch.tokens)
        return self.diffusion.loss(predicted.float(), self.diffusion.velocity(clean, noise, t), t)

    def train_step(self) -> None:
        """Do one optimizer step. Every `AVERAGE_EVERY` steps, average with the other processes."""
        rate = learning_rate(
            self.options.peak,
            self.step,
            self.budget.share,
            warmup=self.warmup_steps,
            hold=self.options.hold,
        )
        batch = next(self.batches).to(self.options.device)
        self.loss.add(self.target_loss(batch)).backward()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.samples += len(batch.latents) * self.options.processes
        if self.step % AVERAGE_EVERY == 0:
            self._average()

    @torch.no_grad()
    def _average(self) -> None:
        parameters = list(self.model.parameters())
        spent = torch.tensor([self.budget.spent_s], device=self.options.device)
        flat = torch.cat([*(p.view(-1) for p in parameters), spent])
        if self.options.processes > 1:
            dist.all_reduce(flat)
            flat /= self.options.processes
        self.budget.spent_s = float(flat[-1])
        keep = min(EMA_KEEP, self.step / AVERAGE_EVERY / (10 + self.step / AVERAGE_EVERY))
        at = 0
        for parameter, mean in zip(parameters, self.ema, strict=True):
            parameter.copy_(flat[at : at + parameter.numel()].view_as(parameter))
            mean.lerp_(parameter, 1 - keep)
            at += parameter.numel()

    def averaged(self) -> Denoiser:
        """Return a copy of the model with the EMA weights."""
        model = copy.deepcopy(self.model).eval()
        with torch.no_grad():
            for parameter, mean in zip(model.parameters(), self.ema, strict=True):
                parameter.copy_(mean)
        return model

    def draw_sheet(self) -> None:
        """Draw a sheet with the EMA weights into ``samples/`` of the cache."""
        sheet = sample_sheet(self.averaged(), Basis.load(self.cache))
        write(self.cache.file(f"samples/{self.step:06d}.png"), sheet)

    def loop(self) -> None:
        """Train until the budget is used up. Prints progress every 30 s, and writes a checkpoint
        every 120 s. Ends without one if the process that started this one has ended."""
        last = told = saved = drawn = time.monotonic()
        parent = parent_process()
        while not (self.budget.over and self.step % AVERAGE_EVERY == 0):
            if parent is not None and not parent.is_alive():
                return
            self.train_step()
            now = time.monotonic()
            self.budget.spend(now - last)
            last = now
            if self.rank == 0 and now - told > 30:
                told = now
                print(
                    f"unet: {self.budget.spent_s / 60:5.1f} of {self.options.minutes} min, "
                    f"step {self.step}, {self.samples} samples, loss {self.loss.value:.4f}",
                    flush=True,
                )
            if self.rank == 0 and 0 < self.options.sheet_minutes * 60 < now - drawn:
                drawn = now
                self.draw_sheet()
            if now - saved > 120 and self.step % AVERAGE_EVERY == 0:
                saved = now
                self.save()
        self.save()


def join(rank: int, options: Options) -> None:
    """Make this process a member of the run, with one thread."""
    torch.set_num_threads(1)
    fast_products()
    if options.processes > 1:
        meeting = options.cache.resolve() / f"meet-{os.getppid()}"
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=rank, world_size=options.processes
        )


def work(rank: int, options: Options) -> None:
    """Run one training process."""
    join(rank, options)
    Run(options, rank).loop()


def add_options(to: argparse.ArgumentParser) -> None:
    """Add the options of a training run."""
    to.add_argument(
        "--minutes", type=float, default=50, help="budget of training time, over all starts"
    )
    to.add_argument("--processes", type=int, default=2, help="processes of one thread each")
    to.add_argument("--batch", type=int, default=80, help="samples of each process in a step")
    to.add_argument("--peak", type=float, default=2e-3, help="highest learning rate")
    to.add_argument(
        "--sheet-minutes", type=float, default=5, help="minutes between sample sheets; 0: none"
    )
    to.add_argument("--start", type=Path, help="folder of an earlier model to continue from")
    to.add_argument(
        "--favor", type=float, default=1.0, help="weight of things that were added later"
    )
    to.add_argument("--device", default="cpu", help="cpu, or cuda with --processes 1")
    to.add_argument("--workers", type=int, default=0, help="processes that compose batches")
    to.add_argument("--hold", type=float, default=0.6, help="share of the budget before the decay")


def main() -> None:
    """Train until the time budget is used up."""
    made = parser(__doc__)
    add_options(made)
    options = Options(**vars(made.parse_args()))
    words = Cache(options.cache).file("tokenizer/x").parent
    if options.start is not None:
        take_tokenizer(options.start, words)
    build_tokenizer(words)
    if options.processes == 1:
        work(0, options)
    else:
        spawn(work, args=(options,), nprocs=options.processes)


if __name__ == "__main__":
    main()
