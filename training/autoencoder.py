"""Stage 4: the autoencoder on the latent code. ``python -m training.autoencoder --minutes 15``.

The encoder learns to give the latents of the linear code. The decoder learns the pixels: first with
a distance as loss, which leaves edges soft, then also with a critic that separates drawn pictures
from decoded ones, which makes edges sharp. The latents get noise, because those of the denoiser are
never exact. If there is a trained denoiser, some of the latents are its predictions from noisy
ones.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training import warm
from training.cache import Cache, load_state
from training.networks.critic import Duel
from training.networks.latent_code import LatentCode
from training.networks.parts import FULL, SCALE, Widths, build_vae
from training.pictures.compose import Windows
from training.running.feed import Job
from training.running.loop import Loop, Smoothed, Stateful
from training.running.precision import laid_out, mixed_precision
from training.running.schedule import TimeBudget
from training.workshop import Options, Workshop, stage_parser

CELLS, CELL_PX, EACH = 4, 32, 4
"""A crop is 4x4 latent cells of 32 pixels. Pictures that the denoiser predicted give four crops."""
PARTS = 4
"""The crops of so many steps are composed at once; a step uses half a batch. (416 steps with 1,024
crops each gave only 20.6 dB, less than a linear decoder.)"""
NOISE = 0.35
"""Largest standard deviation (sd) of the noise. The latents have an sd of about 1."""
ENCODER, SOFT, SHARP = "encoder.pt", "decoder_soft.pt", "decoder_sharp.pt"
CRITIC_SHARE, CRITIC_RAMP, CRITIC_RATE = 0.06, 150, 5e-4
"""Weight of the critic's loss, number of steps over which it grows to that, learning rate."""
KEEP_S = 20.0
"""Least seconds between two checkpoints."""
Guess = Callable[[Job, Tensor], Tensor]
"""Returns a denoiser's prediction of a job's latents; see `training.denoise.guesser`."""


class Decoder(nn.Module):
    """The decoder of the autoencoder, for latents that are scaled to sd 1."""

    def __init__(self, widths: Widths = FULL) -> None:
        super().__init__()
        self.layers = build_vae(widths).decoder.layers
        fresh_start(self.layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Return pixels (n, 3, 32h, 32w), about -1..1, of latents (n, 24, h, w)."""
        made: Tensor = self.layers(torch.tanh(latents / SCALE / 3) * 3)
        return made * 2 - 1


class Encoder(nn.Module):
    """The autoencoder's encoder, to latents of sd 1."""

    def __init__(self, widths: Widths = FULL) -> None:
        super().__init__()
        self.layers = build_vae(widths).encoder.layers

    def forward(self, pixels: Tensor) -> Tensor:
        """Return latents (n, 24, h, w) of pixels (n, 3, 32h, 32w) in -1..1."""
        made: Tensor = self.layers(pixels.add(1).div(2))
        return made * SCALE


def fresh_start(layers: nn.Module) -> None:
    """Initialize with sd sqrt(1.4 / fan in), and the last convolution of each residual block with
    0.3 times that."""
    for module in layers.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=(1.4 / module.weight[0].numel()) ** 0.5)
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


def crops(values: Tensor, corners: Tensor, side: int) -> Tensor:
    """Cut (n * EACH, c, side, side) from (n, c, h, w); ``corners`` (n * EACH, 2) are (y, x)."""
    reach = torch.arange(side, device=values.device)
    at = torch.arange(len(corners), device=values.device) // EACH
    y, x = corners[:, :1] + reach, corners[:, 1:] + reach
    return values[at[:, None, None], :, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)


def averaged(model: nn.Module) -> AveragedModel:
    """Return a running mean of the weights, over about the last 300 steps."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(1 - 1 / 300))


class Stage:
    """The stream of crops that the encoder and the decoder learn from."""

    def __init__(self, shop: Workshop, code: LatentCode, guess: Guess | None, salt: int) -> None:
        self.device, self.code, self.shop, self.guess = shop.options.device, code, shop, guess
        pictures = 2 * shop.options.batch // (1 if guess is None else EACH)
        self.jobs: Iterator[Job] = shop.jobs(max(1, pictures), salt, native=guess is None)
        self.error, self.seen = Smoothed(), 0
        self._ready: list[tuple[Tensor, Tensor]] = []

    def batch(self) -> tuple[Tensor, Tensor]:
        """Return latents (n, 24, 4, 4) of sd 1 and pixels (n, 3, 128, 128) in -1..1: one crop of
        each picture, or four of each that the denoiser guesses."""
        if not self._ready:
            latents, pixels = self._composed()
            order = torch.randperm(len(latents), device=latents.device)
            self._ready = [(latents[part], pixels[part]) for part in order.chunk(PARTS)]
        latents, pixels = self._ready.pop()
        self.seen += len(latents)
        return latents, pixels

    def _composed(self) -> tuple[Tensor, Tensor]:
        job = next(self.jobs)
        room = torch.tensor(job.grid) - CELLS + 1
        if self.guess is None:
            corners = (torch.rand(len(job.plan), 2) * room).long()
            pixels = self._pixels(job, corners)
            latents = self.code.encode(F.avg_pool2d(pixels, 2))
        else:
            corners = (torch.rand(len(job.plan) * EACH, 2) * room).long()
            made = self.guess(job, self.code.encode(self.shop.half(job)))
            latents = crops(made, self.shop.sent(corners), CELLS)
            pixels = self._pixels(job.repeated(EACH), corners)
        return latents, pixels / 127.5 - 1

    def _pixels(self, job: Job, corners: Tensor) -> Tensor:
        return self.shop.whole(job, Windows(corners * CELL_PX, CELLS * CELL_PX))

    def decoded(self, decoder: Decoder) -> tuple[Tensor, Tensor]:
        """Return the pixels that a decoder makes of noisy latents, and the target pixels."""
        latents, target = self.batch()
        much = NOISE * torch.rand(len(latents), 1, 1, 1, device=self.device).square()
        noisy = latents + torch.randn_like(latents) * much
        with mixed_precision(self.device):
            made = decoder(noisy.to(memory_format=torch.channels_last)).float()
        self.error.add((made.detach() - target).square().mean())
        return made, target

    def told(self) -> str:
        """Return the PSNR of the decoded pixels as text."""
        return f"{float(10 * torch.log10(4 / torch.tensor(self.error.value))):.2f} dB"


def train_encoder(shop: Workshop, code: LatentCode, minutes: float, peak: float = 2e-3) -> None:
    """Teach the encoder the code's latents."""
    options, error = shop.options, Smoothed()
    torch.manual_seed(options.seed)
    encoder = Encoder(options.widths)
    warm.part(options.cache, "encoder", encoder.layers)
    encoder = laid_out(encoder.to(options.device))
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=peak, betas=(0.9, 0.99), fused=True)
    loop = Loop(
        *("encoder", options.cache.file(ENCODER), encoder, optimizer),
        *(TimeBudget(minutes * 60), peak),
        hold=0.3,
        keep_every=20,
        keep_s=KEEP_S,
    )
    stage = Stage(shop, code, None, 5 + loop.step)

    def loss() -> Tensor:
        latents, pixels = stage.batch()
        loop.samples = stage.seen
        with mixed_precision(options.device):
            made = encoder(pixels.to(memory_format=torch.channels_last)).float()
        return error.add((made - latents).square().mean())

    loop.run(loss, lambda: f"error {error.value:.4f} of 1")


def train_decoder(
    shop: Workshop,
    code: LatentCode,
    minutes: float,
    *,
    sharpen: bool,
    guess: Guess | None = None,
    peak: float = 1.5e-3,
) -> None:
    """Train the decoder with the distance alone, or also with the critic (``sharpen``). Continues
    from the checkpoint."""
    options = shop.options
    torch.manual_seed(options.seed)
    decoder = Decoder(options.widths)
    warm.part(options.cache, "decoder", decoder.layers)
    soft = load_state(options.cache.file(SOFT))
    if sharpen and soft is not None:
        decoder.load_state_dict(soft["model"])
    decoder = laid_out(decoder.to(options.device))
    optimizer = torch.optim.AdamW(
        decoder.parameters(),
        lr=peak,
        betas=(0.5 if sharpen else 0.9, 0.99),
        weight_decay=1e-4,
        fused=True,
    )
    duel, mean, lost = Duel(CRITIC_RATE, options.device), averaged(decoder), Smoothed()
    beside: dict[str, Stateful] = {"mean": mean}
    if sharpen:
        beside |= {"critic": duel.critic, "critic_optimizer": duel.optimizer}
    loop = Loop(
        "sharpen" if sharpen else "decoder",
        options.cache.file(SHARP if sharpen else SOFT),
        *(decoder, optimizer, TimeBudget(minutes * 60), peak),
        hold=0.5,
        keep_every=20,
        keep_s=KEEP_S,
        beside=beside,
        after=lambda: mean.update_parameters(decoder),
    )
    stage = Stage(shop, code, guess, 7 + 500_000 * sharpen + loop.step)

    def loss() -> Tensor:
        made, target = stage.decoded(decoder)
        loop.samples = stage.seen
        near = picture_loss(made, target)
        if not sharpen:
            return near
        lost.add(duel.learn(target, made))
        return near + CRITIC_SHARE * min(1, loop.step / CRITIC_RAMP) * duel.owed(made)

    beaten = ", critic {:.2f}" if sharpen else ""
    loop.run(loss, lambda: stage.told() + beaten.format(lost.value))


def load(cache: Cache, widths: Widths = FULL) -> AutoencoderTiny:
    """Return the autoencoder with the weights trained so far: of the decoder the mean weights of
    the stage with the critic, if there are any."""
    vae, decoder, encoder = build_vae(widths), Decoder(widths), Encoder(widths)
    soft, sharp = load_state(cache.file(SOFT)), load_state(cache.file(SHARP))
    known = load_state(cache.file(ENCODER))
    if sharp is not None:
        mean = averaged(decoder)
        mean.load_state_dict(sharp["mean"])
        decoder.load_state_dict(mean.module.state_dict())
    elif soft is not None:
        decoder.load_state_dict(soft["model"])
    if known is not None:
        encoder.load_state_dict(known["model"])
    vae.decoder.layers.load_state_dict(decoder.layers.state_dict())
    vae.encoder.layers.load_state_dict(encoder.layers.state_dict())
    return vae.eval()


def main() -> None:
    """Train encoder and decoder with the options of the command line."""
    made = stage_parser(__doc__, minutes=15, batch=32)
    made.add_argument("--sharpen-minutes", type=float, default=15, help="budget with the critic")
    made.add_argument("--encoder-minutes", type=float, default=5)
    args = made.parse_args()
    shop = Workshop(Options.of(args))
    code = shop.code()
    train_encoder(shop, code, args.encoder_minutes)
    train_decoder(shop, code, args.minutes, sharpen=False)
    train_decoder(shop, code, args.sharpen_minutes, sharpen=True, peak=4e-4)


if __name__ == "__main__":
    main()
