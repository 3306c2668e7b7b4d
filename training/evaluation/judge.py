"""Stage 6: a small classifier of pictures for the tests: ``python -m training.evaluation.judge``.

It learns which thing of the table, or which place, is in a picture of 64x64 pixels. It is trained
with the drawings, never with pictures of the model. ``tests/models`` and
``training.evaluation.trial`` classify the model's pictures with it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training import warm
from training.cache import Cache, load_state
from training.language.vocabulary import things
from training.pictures import places
from training.plans import SCENE, TILE
from training.running.loop import Loop, Smoothed
from training.running.precision import laid_out, mixed_precision
from training.running.schedule import TimeBudget
from training.workshop import Options, Workshop, stage_parser

CHECKPOINT = "judge.pt"
SIDE_PX = 64
WIDTHS = (24, 48, 96, 160)


class Judge(nn.Module):
    """A small convolutional network: (n, 3, 64, 64) pixels 0..1 to scores of things and places."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in WIDTHS:
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            before = width
        self.features = nn.Sequential(*layers)
        self.scores = nn.Linear(before, classes)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (n, classes) scores."""
        scores: Tensor = self.scores(self.features(pixels * 2 - 1).amax((2, 3)))
        return scores


def classes() -> list[str]:
    """Return the names of the judge's classes: the main name of each thing, then each place."""
    return [thing.name for thing in things()] + [f"place:{place}" for place in places.PLACES]


def small(pixels: Tensor) -> Tensor:
    """Scale square pictures (n, 3, s, s) to (n, 3, 64, 64)."""
    return F.interpolate(pixels, (SIDE_PX, SIDE_PX), mode="area")


def evened(rows: Tensor) -> Tensor:
    """Drop rows so that their number is a multiple of 64, or return all if there are fewer. A GPU
    selects kernels again for each new batch size."""
    return rows[: len(rows) // 64 * 64] if len(rows) > 64 else rows


def train(shop: Workshop, minutes: float, peak: float = 3e-3) -> None:
    """Train until the budget is used up. Continues from the cache's checkpoint."""
    options, right = shop.options, Smoothed()
    torch.manual_seed(options.seed)
    judge = Judge(len(classes()))
    warm.part(options.cache, "judge", judge)
    judge = laid_out(judge.to(options.device))
    optimizer = torch.optim.AdamW(judge.parameters(), lr=peak, weight_decay=0.02, fused=True)
    loop = Loop(
        *("judge", options.cache.file(CHECKPOINT), judge, optimizer),
        *(TimeBudget(minutes * 60), peak),
        hold=0.3,
        keep_every=20,
        keep_s=20,
    )
    jobs = shop.jobs(options.batch, 11 + loop.step, native=True)
    thing_of = torch.tensor([d.thing for d in shop.drawings])
    place_of = torch.tensor([places.PLACES.index(place) for place, _ in shop.shelf.scenes])

    def loss() -> Tensor:
        job = next(jobs)
        loop.samples += len(job.plan)
        tiles, scene = job.plan.layers[:, :, TILE].long(), job.plan.grounds[:, SCENE].long()
        alone = ((tiles >= 0).sum(1) == 1) | ((tiles[:, 0] < 0) & (scene >= 0))
        place = len(things()) + place_of[scene.clamp(min=0) // shop.shelf.layouts]
        wanted = torch.where(tiles[:, 0] >= 0, thing_of[tiles[:, 0].clamp(min=0)], place)
        rows = evened(alone.nonzero()[:, 0])
        pixels = shop.half(job)[shop.sent(rows)] / 255
        pixels = small(pixels + torch.randn_like(pixels) * 0.02).clamp(0, 1)
        wanted = shop.sent(wanted[rows])
        with mixed_precision(options.device):
            scores = judge(pixels.to(memory_format=torch.channels_last)).float()
        right.add((scores.argmax(1) == wanted).float().mean())
        return F.cross_entropy(scores, wanted, label_smoothing=0.05)

    loop.run(loss, lambda: f"{100 * right.value:.1f} % of the drawings known")


def load(cache: Cache) -> Judge:
    """Return the trained judge in eval mode. Raises FileNotFoundError if there is none."""
    state = load_state(cache.file(CHECKPOINT))
    if state is None:
        raise FileNotFoundError(cache.file(CHECKPOINT))
    judge = Judge(len(classes()))
    judge.load_state_dict(state["model"])
    return judge.eval()


def main() -> None:
    """Train with the options of the command line."""
    args = stage_parser(__doc__, minutes=10, batch=64).parse_args()
    train(Workshop(Options.of(args)), args.minutes)


if __name__ == "__main__":
    main()
