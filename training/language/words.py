"""The tokenizer, which is trained with the captions, and the text encoder."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.language.phrases import unconditional
from training.language.sentences import Sentences
from training.tiles import wanted

TOKENS = 32
START, END = "<|startoftext|>", "<|endoftext|>"
VOCABULARY = 3072
CORPUS = 30_000


def train_tokenizer(folder: Path, corpus: int = CORPUS) -> None:
    """Write a CLIP tokenizer into ``folder``: lower case, byte-level BPE, 3,072 entries at most."""
    raw = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=END))
    raw.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    raw.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(alphabet),
        special_tokens=[START, END],
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    sentences = Sentences(list(wanted()), random.Random(0))
    lines = [sentences.draw().caption for _ in range(corpus)]
    lines += [unconditional("", 1.0, sentences.rng) for _ in range(corpus // 20)]
    raw.train_from_iterator((word for line in lines for word in line.split()), trainer)
    model = json.loads(raw.to_str())["model"]
    vocab: dict[str, int] = model["vocab"]
    for letter in alphabet:
        vocab.setdefault(letter + "</w>", len(vocab))
    write_tokenizer(folder, vocab, model["merges"])


def write_tokenizer(
    folder: Path, vocab: Mapping[str, int], pairs: Sequence[str | Sequence[str]]
) -> None:
    """Write a CLIP tokenizer's two files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in pairs]
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    text = "#version: 0.2\n" + "\n".join(merges) + "\n"
    (folder / "merges.txt").write_text(text, encoding="utf-8")


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load the tokenizer of a folder. Trains it first if there is none."""
    if not (folder / "merges.txt").exists():
        train_tokenizer(folder)
    made: CLIPTokenizer = CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=TOKENS,
    )
    return made


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Return (n, 32) token ids, padded as in the pipeline and truncated to 32."""
    ids: Tensor = tokenizer(
        captions, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
    ).input_ids
    return ids


def build_text_encoder(vocabulary: int, width: int) -> CLIPTextModel:
    """Return a text encoder with three layers, 32 positions and the hidden size ``width``."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=width,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
