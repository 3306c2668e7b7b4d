"""The four parts of the pipeline, small enough to be trained on two CPU cores in an hour."""

import json
from collections.abc import Iterable
from pathlib import Path

from diffusers import (
    AutoencoderTiny,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.first.captions import corpus
from training.first.concepts import CONCEPTS
from training.first.latents import CHANNELS
from training.language.words import write_tokenizer
from training.networks.parts import build_scheduler

TOKENS = 32
TEXT_WIDTH = 192
START, END = "<|startoftext|>", "<|endoftext|>"
DECODER_WIDTH = 40
VOCABULARY, MERGES = "vocab.json", "merges.txt"


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load the CLIP tokenizer of the folder (about 2,048 entries, lower case, byte-level BPE).
    Trains it first if there is none."""
    vocab_path, merges_path = folder / VOCABULARY, folder / MERGES
    if not vocab_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        raw = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=END))
        raw.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        raw.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=1900,
            special_tokens=[START, END],
            initial_alphabet=alphabet,
            end_of_word_suffix="</w>",
        )
        words = (line.replace(" ", "\n").split("\n") for line in corpus(CONCEPTS, 8000, 0))
        raw.train_from_iterator((w for line in words for w in line), trainer)
        model = json.loads(raw.to_str())["model"]
        vocab: dict[str, int] = model["vocab"]
        for letter in sorted(alphabet):
            vocab.setdefault(letter + "</w>", len(vocab))
        write_tokenizer(folder, vocab, model["merges"])
    tokenizer: CLIPTokenizer = CLIPTokenizer(
        vocab=str(vocab_path),
        merges=str(merges_path),
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=TOKENS,
    )
    return tokenizer


def grow_tokenizer(folder: Path, words: Iterable[str]) -> int:
    """Add an entry for every word that the tokenizer splits into pieces. Returns the number of new
    entries, which come after the existing ones. Existing ids do not change."""
    known = build_tokenizer(folder)
    vocab: dict[str, int] = dict(known.get_vocab())
    merges = (folder / MERGES).read_text(encoding="utf-8").splitlines()[1:]
    before = len(vocab)
    for word in words:
        whole, *rest = known.tokenize(word)
        for piece in rest:
            merges.append(f"{whole} {piece}")
            whole += piece
            vocab.setdefault(whole, len(vocab))
    if len(vocab) > before:
        write_tokenizer(folder, vocab, list(dict.fromkeys(merges)))
    return len(vocab) - before


def tokenise(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Return (n, 32) token ids, padded as in the pipeline and truncated to 32."""
    ids: Tensor = tokenizer(
        captions, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
    ).input_ids
    return ids


def build_text_encoder(vocabulary: int) -> CLIPTextModel:
    """Return a two-layer text encoder, hidden width 192, 32 positions."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=TEXT_WIDTH,
            intermediate_size=576,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=TEXT_WIDTH,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )


def build_unet() -> UNet2DConditionModel:
    """Return the denoiser: 14 M parameters, attention on the two coarse levels."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=(32, 64, 128, 224),
        layers_per_block=1,
        down_block_types=(
            "DownBlock2D",
            "DownBlock2D",
            "CrossAttnDownBlock2D",
            "CrossAttnDownBlock2D",
        ),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        time_embedding_dim=256,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


class Denoiser(nn.Module):
    """Text encoder and UNet together, called as in diffusers' pipeline."""

    def __init__(self, tokenizer_folder: Path) -> None:
        super().__init__()
        self.tokenizer = build_tokenizer(tokenizer_folder)
        self.text_encoder = build_text_encoder(len(self.tokenizer))
        self.unet = build_unet()
        self.unet.set_attn_processor(AttnProcessor())

    def encode(self, captions: list[str]) -> Tensor:
        """Return hidden states (n, 32, 192), padded as in the pipeline."""
        hidden: Tensor = self.text_encoder(tokenise(self.tokenizer, captions))[0]
        return hidden

    def forward(self, noisy: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """Predict v, (n, 12, h, w), for latents of the same shape; ``tokens``: (n, 32) ids."""
        words = self.text_encoder(tokens)[0]
        out: Tensor = self.unet(noisy, t, words, return_dict=False)[0]
        return out


def build_vae() -> AutoencoderTiny:
    """Return the autoencoder, untrained. A latent cell is 32 pixels wide and high."""
    width = (DECODER_WIDTH,) * 6
    return AutoencoderTiny(
        latent_channels=CHANNELS,
        encoder_block_out_channels=width,
        decoder_block_out_channels=width,
        num_encoder_blocks=(0, 0, 0, 1, 1, 1),
        num_decoder_blocks=(5, 5, 4, 2, 0, 0),
        scaling_factor=3.0,
        latent_magnitude=3,
    )


def build_pipeline(denoiser: Denoiser, vae: AutoencoderTiny) -> StableDiffusionPipeline:
    """Return diffusers' standard pipeline with the four parts. It shares their weights."""
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=denoiser.text_encoder,
        tokenizer=denoiser.tokenizer,
        unet=denoiser.unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
