"""Stage 4: teach the text encoder what the words look like. ``python -m training.first.text``.

A linear head predicts the average picture of a caption, at half the latent's resolution, from the
mean of the caption's hidden states. This is a regression without noise and without a UNet, so it
takes only minutes. Afterwards the text encoder already separates objects, colors and places: the
denoiser needs 2,200 samples for a loss that takes 9,400 with a random text encoder.
`--start FOLDER` teaches new words to the text encoder of an earlier model. They get new entries in
the tokenizer. Only these entries and the head are trained, so the hidden states of captions with
the old words do not change.
"""

import re
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from training.cache import Cache
from training.first.batches import Batch, Sampler
from training.first.captions import corpus
from training.first.concepts import CONCEPTS
from training.first.latents import CHANNELS, GRIDS
from training.first.networks import (
    TEXT_WIDTH,
    build_text_encoder,
    build_tokenizer,
    grow_tokenizer,
    tokenise,
)
from training.language.phrases import unconditional
from training.running.loop import Loop, RunningMean, loop_parser
from training.running.precision import mixed_precision
from training.running.schedule import TimeBudget
from training.warm import take_tokenizer

CHECKPOINT = "text.pt"
NATIVE = 0
CAPTION_DROP = 0.1


class Reader(nn.Module):
    """Text encoder and linear head: captions to (n, 12, 8, 8) mean latents."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self.tokenizer = build_tokenizer(cache.file("tokenizer/x").parent)
        self.text_encoder = build_text_encoder(len(self.tokenizer))
        height, width = GRIDS[NATIVE]
        self._out = CHANNELS, height // 2, width // 2
        self.head = nn.Linear(TEXT_WIDTH, CHANNELS * height * width // 4)

    def start_from(self, folder: Path) -> None:
        """Copy the text encoder of a folder. Token embeddings that it does not have start as the
        mean of their pieces. Only these are trained from now on."""
        known = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        before = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        state = known.state_dict()
        name = next(key for key in state if key.endswith("token_embedding.weight"))
        table = self.text_encoder.state_dict()[name].clone()
        table[: len(before)] = state[name]
        words = {number: word for word, number in self.tokenizer.get_vocab().items()}
        for number in range(len(before), len(words)):
            pieces = before(self.tokenizer.convert_tokens_to_string([words[number]])).input_ids
            table[number] = state[name][pieces[1:-1]].mean(0)
        self.text_encoder.load_state_dict({**state, name: table})
        self.text_encoder.requires_grad_(False)
        entries = self.text_encoder.get_parameter(name)
        entries.requires_grad_(True)
        entries.register_hook(
            lambda slope: slope.index_fill(0, torch.arange(len(before), device=slope.device), 0)
        )

    def forward(self, captions: list[str]) -> Tensor:
        """Return the predicted mean latents (n, 12, 8, 8) of ``captions``."""
        tokens = tokenise(self.tokenizer, captions).to(self.head.weight.device)
        hidden = self.text_encoder(tokens)[0]
        read: Tensor = self.head(hidden.mean(1))
        return read.unflatten(1, self._out)


def reading_loss(reader: Reader, batch: Batch, captions: list[str]) -> Tensor:
    """Return the mean square error against the latents, pooled 2x2."""
    device = reader.head.weight.device
    with mixed_precision(device.type):
        read = reader(captions)
    return F.mse_loss(read.float(), F.avg_pool2d(batch.latents.to(device), 2))


def new_words() -> list[str]:
    """Return the words of the captions, the most frequent first."""
    lines = (line.lower() for line in corpus(CONCEPTS, 4000, 0))
    counted = Counter(word for line in lines for word in re.findall(r"[a-z]+", line))
    return [word for word, _ in counted.most_common()]


def main() -> None:
    """Train until the time budget is used up. Continues from the checkpoint."""
    made = loop_parser(__doc__, minutes=5, batch=96)
    made.add_argument("--start", type=Path, help="folder of an earlier model to continue from")
    args = made.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    cache, mean = Cache(args.cache), RunningMean(1.0)
    if args.start is not None:
        words = cache.file("tokenizer/x").parent
        take_tokenizer(args.start, words)
        print(f"text: {grow_tokenizer(words, new_words())} entries more", flush=True)
    reader = Reader(cache)
    if args.start is not None:
        reader.start_from(args.start)
    reader.to(args.device)
    optimizer = torch.optim.AdamW(
        [p for p in reader.parameters() if p.requires_grad],
        lr=args.peak,
        betas=(0.9, 0.99),
        weight_decay=0.0 if args.start else 0.01,
        fused=True,
    )
    budget, path = TimeBudget(args.minutes * 60), cache.file(CHECKPOINT)
    loop = Loop("text", path, reader, optimizer, budget, args.peak, hold=0.4, keep_every=100)
    sampler = Sampler(cache, args.seed + loop.step)

    def loss() -> Tensor:
        batch = sampler.draw(args.batch, NATIVE)
        captions = [unconditional(c, CAPTION_DROP, sampler.rng) for c in batch.captions]
        error = reading_loss(reader, batch, captions)
        mean.add(error.item())
        return error

    loop.run(loss, lambda: f"loss {mean.value:.4f}")


if __name__ == "__main__":
    main()
