"""Stage 3: train the decoder, latents to pixels. ``python -m training.first.decoder --minutes 15``.

The latents are fixed (``training.first.latents``), so this can run at the same time as the UNet's
training. Crops are cut on the latent grid. The latents get noise, because those of the denoiser are
never exact. The pixels are learned with a distance as loss, which leaves edges soft; then, for
``--sharpen-minutes``, also with a critic that separates drawn pictures from decoded ones
(``training.networks.critic``), which makes edges sharp. On a CPU the minutes are CPU time.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.autoencoder import fresh_start, picture_loss
from training.cache import Cache, load_state
from training.first.concepts import COLORS, PLACES
from training.first.latents import Basis, scene_rows
from training.first.networks import build_vae
from training.first.pictures import PLACE_LAYOUTS, POSES, Art
from training.networks.critic import Duel
from training.pictures.brushes import Image
from training.running.loop import Loop, RunningMean, loop_parser
from training.running.precision import mixed_precision
from training.running.schedule import TimeBudget

CELLS = 4
NOISE = 0.35
"""Largest standard deviation (sd) of the noise. The latents have an sd of about 1."""
SHARP, SOFT = "decoder_sharp.pt", "decoder.pt"
CRITIC_SHARE, CRITIC_RAMP = 0.06, 150
"""Weight of the critic's loss, and number of steps over which it grows to that."""
CRITIC_RATE, SHARPEN_RATE = 5e-4, 3e-4
SIZES = ((512, 512), (512, 512), (512, 512), (256, 256), (384, 384))


class Pictures:
    """Draws random training pictures with their latents. Seeded."""

    def __init__(self, cache: Cache, seed: int) -> None:
        self._art, self._basis = Art.load(cache), Basis.load(cache)
        self._rng, self._scenes = np.random.default_rng(seed), scene_rows()

    def picture(self) -> Image:
        """Return one (h, w, 3) float32 picture, 0..255: object, place or landscape."""
        rng, size = self._rng, SIZES[int(self._rng.integers(len(SIZES)))]
        drawing, roll = int(rng.integers(len(self._art.objects))), rng.random()
        if roll < 0.25:
            terrain, hour, layout = self._scenes[int(rng.integers(len(self._scenes)))]
            return self._art.scene(terrain, hour, layout, size)
        if roll < 0.4:
            place = tuple(PLACES)[int(rng.integers(len(PLACES)))]
            layout = int(rng.integers(PLACE_LAYOUTS))
            return self._art.in_place(drawing, place, layout, size)
        names = tuple(COLORS)
        color = COLORS["white" if rng.random() < 0.4 else names[int(rng.integers(len(names)))]]
        pose = int(rng.integers(len(POSES)))
        return self._art.posed(drawing, size, pose).over(np.array(color, np.float32))

    def crops(self, count: int, each: int = 4) -> tuple[Tensor, Tensor]:
        """Return latents (n, 12, 4, 4) and pixels (n, 3, 128, 128) in -1..1; ``each`` crops of each
        picture."""
        latents, pixels = [], []
        for _ in range(count // each):
            picture = self.picture()
            height, width = picture.shape[:2]
            half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            latent = self._basis.part(half.astype(np.float32)) - self._basis.offset
            for _ in range(each):
                y = int(self._rng.integers(height // 32 - CELLS + 1))
                x = int(self._rng.integers(width // 32 - CELLS + 1))
                latents.append(latent[:, y : y + CELLS, x : x + CELLS])
                pixels.append(picture[y * 32 : (y + CELLS) * 32, x * 32 : (x + CELLS) * 32])
        target = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) / 127.5 - 1
        return torch.from_numpy(np.stack(latents)), target.contiguous()


class FastDecoder(nn.Module):
    """The decoder. Its last 40-to-40 convolution stays the identity and is skipped, which saves
    time."""

    def __init__(self, vae: AutoencoderTiny, start: Path | None = None) -> None:
        super().__init__()
        self.layers = vae.decoder.layers
        self._identity = len(self.layers) - 2
        fresh_start(self.layers)
        if start is not None:
            known = AutoencoderTiny.from_pretrained(start, torch_dtype=torch.float32)
            self.layers.load_state_dict(known.decoder.layers.state_dict())
        identity = self.layers[self._identity]
        assert isinstance(identity, nn.Conv2d)
        nn.init.dirac_(identity.weight)
        identity.weight.requires_grad_(False)

    def forward(self, latents: Tensor) -> Tensor:
        """Return pixels (n, 3, 32h, 32w), about -1..1, of scaled latents (n, 12, h, w)."""
        x = torch.tanh(latents / 9) * 3
        for index, layer in enumerate(self.layers):
            if index != self._identity:
                x = layer(x)
        return x * 2 - 1


def load_decoder(cache: Cache) -> FastDecoder:
    """Return the trained decoder, with the mean weights of the stage with the critic if there are
    any. Raises FileNotFoundError if no decoder was trained."""
    decoder = FastDecoder(build_vae())
    sharp, soft = load_state(cache.file(SHARP)), load_state(cache.file(SOFT))
    if sharp is not None:
        mean = averaged(decoder)
        mean.load_state_dict(sharp["mean"])
        decoder.load_state_dict(mean.module.state_dict())
    elif soft is not None:
        decoder.load_state_dict(soft["model"])
    else:
        raise FileNotFoundError(cache.file(SOFT))
    return decoder


def averaged(model: nn.Module) -> AveragedModel:
    """Return a running mean of the weights, over about the last 500 steps."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.998))


class Stage:
    """The common part of both stages: decoder, device, batch size and running error."""

    def __init__(self, args: argparse.Namespace, model: FastDecoder) -> None:
        self.cache, self.batch, self.seed = Cache(args.cache), args.batch, args.seed
        self.device: str = args.device
        self.model = model.to(self.device)
        self.error = RunningMean(0.02)
        self.clock = time.process_time if self.device == "cpu" else time.monotonic

    def trained(self) -> list[nn.Parameter]:
        """Return the parameters that are trained."""
        return [p for p in self.model.parameters() if p.requires_grad]

    def decoded(self, pictures: Pictures) -> tuple[Tensor, Tensor]:
        """Return the pixels that the decoder makes of noisy latents, and the target pixels."""
        latents, target = (part.to(self.device) for part in pictures.crops(self.batch))
        much = NOISE * torch.rand(len(latents), 1, 1, 1, device=self.device).square()
        with mixed_precision(self.device):
            made = self.model(latents + torch.randn_like(latents) * much).float()
        self.error.add((made.detach() - target).square().mean().item())
        return made, target

    def told(self) -> str:
        """Return the PSNR of the decoded pixels as text."""
        return f"{10 * np.log10(4 / self.error.value):.2f} dB"

    def learn(self, minutes: float, peak: float) -> None:
        """Train with the distance alone."""
        optimizer = torch.optim.AdamW(
            self.trained(), lr=peak, betas=(0.9, 0.99), weight_decay=1e-4, fused=True
        )
        budget, path = TimeBudget(minutes * 60), self.cache.file(SOFT)
        loop = Loop(
            *("decoder", path, self.model, optimizer, budget, peak),
            hold=0.4,
            keep_every=50,
            clock=self.clock,
        )
        pictures = Pictures(self.cache, self.seed + loop.step)
        loop.run(lambda: picture_loss(*self.decoded(pictures)), self.told)

    def sharpen(self, minutes: float) -> None:
        """Train with the distance and with a critic, which is trained at the same time."""
        optimizer = torch.optim.AdamW(
            self.trained(), lr=SHARPEN_RATE, betas=(0.5, 0.99), weight_decay=1e-4, fused=True
        )
        duel, mean, lost = Duel(CRITIC_RATE, self.device), averaged(self.model), RunningMean(2)
        budget, path = TimeBudget(minutes * 60), self.cache.file(SHARP)
        loop = Loop(
            *("sharpen", path, self.model, optimizer, budget, SHARPEN_RATE),
            hold=0.6,
            keep_every=50,
            beside={"critic": duel.critic, "critic_optimizer": duel.optimizer, "mean": mean},
            clock=self.clock,
        )
        pictures = Pictures(self.cache, self.seed + 500_000 + loop.step)

        def loss() -> Tensor:
            mean.update_parameters(self.model)
            made, target = self.decoded(pictures)
            lost.add(float(duel.learn(target, made)))
            share = CRITIC_SHARE * min(1, loop.step / CRITIC_RAMP)
            return picture_loss(made, target) + share * duel.owed(made)

        loop.run(loss, lambda: f"{self.told()}, critic {lost.value:.2f}")


def main() -> None:
    """Run both stages until their budgets are used up. Continues from checkpoints."""
    made = loop_parser(__doc__, minutes=15, batch=12)
    made.add_argument("--sharpen-minutes", type=float, default=10, help="budget with the critic")
    made.add_argument("--start", type=Path, help="folder of an AutoencoderTiny to continue from")
    args = made.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    stage = Stage(args, FastDecoder(build_vae(), args.start))
    stage.learn(args.minutes, args.peak)
    stage.sharpen(args.sharpen_minutes)


if __name__ == "__main__":
    main()
