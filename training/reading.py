"""Stage 3: teach the text encoder what the words look like. ``python -m training.reading``.

A linear head predicts the average picture of a caption, at half the latent's resolution, from the
mean of the caption's hidden states. This is a regression without noise and without a UNet, so it
takes little time. Afterwards the text encoder already separates things, colors and places.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.language.words import build_text_encoder, build_tokenizer
from training.networks.latent_code import CHANNELS, LatentCode
from training.running.feed import GRIDS
from training.running.loop import Loop, Smoothed
from training.running.precision import mixed_precision
from training.running.schedule import TimeBudget
from training.workshop import Options, Workshop, stage_parser

CHECKPOINT = "reading.pt"


class Reader(nn.Module):
    """Text encoder and linear head: (n, 32) token ids to (n, 24, 8, 8) mean latents."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.text_encoder = build_text_encoder(vocabulary, width)
        high, wide = GRIDS[0][0] // 2, GRIDS[0][1] // 2
        self._out = CHANNELS, high, wide
        self.head = nn.Linear(width, CHANNELS * high * wide)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the predicted mean latents (n, 24, 8, 8) of token ids (n, 32)."""
        read: Tensor = self.head(self.text_encoder(tokens)[0].mean(1))
        return read.unflatten(1, self._out)


def train(shop: Workshop, code: LatentCode, minutes: float, peak: float = 1e-3) -> None:
    """Train until the budget is used up. Continues from the cache's checkpoint."""
    options = shop.options
    torch.manual_seed(options.seed)
    vocabulary = len(build_tokenizer(shop.tokenizer))
    reader = Reader(vocabulary, options.widths.text).to(options.device)
    optimizer = torch.optim.AdamW(
        reader.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    budget, path, mean = TimeBudget(minutes * 60), options.cache.file(CHECKPOINT), Smoothed()
    loop = Loop(
        *("reading", path, reader, optimizer, budget, peak), hold=0.4, keep_every=20, keep_s=20
    )
    jobs = shop.jobs(options.batch, 2 + loop.step, native=True, drop=0.1)

    def loss() -> Tensor:
        job = next(jobs)
        loop.samples += len(job.plan)
        wanted = F.avg_pool2d(code.encode(shop.half(job)), 2)
        with mixed_precision(options.device):
            read = reader(job.tokens.to(options.device, non_blocking=True))
        return mean.add(F.mse_loss(read.float(), wanted))

    loop.run(loss, lambda: f"loss {mean.value:.4f}")


def main() -> None:
    """Train with the options of the command line."""
    args = stage_parser(__doc__, minutes=5, batch=96).parse_args()
    shop = Workshop(Options.of(args))
    train(shop, shop.code(), args.minutes)


if __name__ == "__main__":
    main()
