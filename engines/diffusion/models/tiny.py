"""Tiny pipelines of real diffusers classes with random weights, for tests and dry runs.

Selected in the config by `source: {kind: tiny}`, so tests run the same code as the service.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

_WINDOW = 16
_TEXT_WIDTH = 32
_PRINTABLE = [chr(code) for code in range(33, 127)]


def build_tiny_pipeline(seed: int = 0) -> StableDiffusionPipeline:
    """A Stable Diffusion pipeline of half a megabyte: 4 latent channels, 8 pixels per latent pixel,
    a text window of 16 tokens."""
    torch.manual_seed(seed)
    return StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text_config()).eval(),
        tokenizer=tiny_tokenizer(),
        unet=_unet(cross_attention_dim=_TEXT_WIDTH),
        scheduler=_noise_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def build_tiny_xl_pipeline(seed: int = 0) -> StableDiffusionXLPipeline:
    """A tiny Stable Diffusion XL pipeline: two text encoders and added conditions."""
    torch.manual_seed(seed)
    return StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text_config()).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_text_config()).eval(),
        tokenizer=tiny_tokenizer(),
        tokenizer_2=tiny_tokenizer(),
        unet=_unet(
            cross_attention_dim=2 * _TEXT_WIDTH,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + _TEXT_WIDTH,
        ),
        scheduler=_noise_scheduler(),
        add_watermarker=False,
    )


def tiny_tokenizer() -> CLIPTokenizer:
    """A tokenizer with one token per printable ASCII character and a window of 16 tokens."""
    tokens = [*_PRINTABLE, *(f"{each}</w>" for each in _PRINTABLE)]
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1}
    vocabulary |= {token: index for index, token in enumerate(tokens, start=2)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=_WINDOW)


def _text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=2 + 2 * len(_PRINTABLE),
        hidden_size=_TEXT_WIDTH,
        intermediate_size=48,
        projection_dim=_TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_WINDOW,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _unet(**options: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **options,
    ).eval()


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        sample_size=64,
    ).eval()


def _noise_scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
