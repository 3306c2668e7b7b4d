"""Stage 3: train the decoder from latents to pixels. ``python -m training.decoder --minutes 15``.

The latents are fixed (``training.latents``), so this runs beside the UNet's training. Crops are cut
on the latent grid; the latents get a little noise, as the denoiser's are never exact.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from training.brushes import Image
from training.cache import Cache
from training.concepts import COLOURS, PLACES
from training.latents import Basis, scene_rows
from training.loop import Loop, RunningMean, loop_parser
from training.networks import build_vae
from training.pictures import PLACE_LAYOUTS, Art
from training.precision import mixed_precision
from training.schedule import TimeBudget

CELLS = 3
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
            return self._art.in_place(drawing, place, int(rng.integers(PLACE_LAYOUTS)), size)
        names = tuple(COLOURS)
        colour = COLOURS["white" if rng.random() < 0.4 else names[int(rng.integers(len(names)))]]
        return self._art.layer(drawing, size).over(np.array(colour, np.float32))

    def crops(self, count: int, each: int = 4) -> tuple[Tensor, Tensor]:
        """Return latents (n, 12, 3, 3) and pixels (n, 3, 96, 96) in -1..1, ``each`` a picture."""
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
    """The decoder without its last 40-to-40 convolution, which stays the identity: less work."""

    def __init__(self, vae: AutoencoderTiny) -> None:
        super().__init__()
        self.layers = vae.decoder.layers
        self._identity = len(self.layers) - 2
        fresh_start(self.layers)
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


def fresh_start(layers: nn.Module) -> None:
    """Initialise: sd 1 / sqrt(fan in); the last convolution of each residual at 0.3 of it."""
    for module in layers.modules():
        if isinstance(module, nn.Conv2d):
            fan = module.weight[0].numel()
            nn.init.normal_(module.weight, std=(1.4 / fan) ** 0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in layers.modules():
        body = getattr(module, "conv", None)
        if isinstance(body, nn.Sequential) and isinstance(body[-1], nn.Conv2d):
            body[-1].weight.data *= 0.3


def picture_loss(made: Tensor, target: Tensor) -> Tensor:
    """Return L1 + 0.6 gradient L1 + 0.5 L1 of the 4x pooled + 0.5 MSE."""
    error = made - target
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    coarse = F.avg_pool2d(error, 4).abs().mean()
    return error.abs().mean() + 0.6 * (across + down) + 0.5 * coarse + 0.5 * error.square().mean()


def main() -> None:
    """Train until the time budget is spent; resumes."""
    args = loop_parser(__doc__, minutes=15, batch=16).parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    cache, mean = Cache(args.cache), RunningMean(0.3)
    model = FastDecoder(build_vae())
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        trained, lr=args.peak, betas=(0.9, 0.99), weight_decay=1e-4, fused=True
    )
    budget, path = TimeBudget(args.minutes * 60), cache.file("decoder.pt")
    loop = Loop("decoder", path, model, optimiser, budget, args.peak, hold=0.45, keep_every=50)
    pictures = Pictures(cache, args.seed + loop.step)

    def loss() -> Tensor:
        latents, target = pictures.crops(args.batch)
        noisy = latents + torch.randn_like(latents) * 0.1 * torch.rand(len(latents), 1, 1, 1)
        with mixed_precision():
            output = model(noisy).float()
        mean.add((output - target).square().mean().item())
        return picture_loss(output, target)

    loop.run(loss, lambda: f"{10 * np.log10(4 / mean.value):.2f} dB")


if __name__ == "__main__":
    main()
