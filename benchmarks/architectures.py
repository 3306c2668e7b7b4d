"""Stable Diffusion 1.5 and XL at full size, built from their published configs with random weights.

Speed and memory do not depend on the values of the weights, so nothing is downloaded. The last
convolution of the denoiser is zero, so that latents stay finite in float16 for any number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engines.diffusion.models import tiny

_NOISE: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "steps_offset": 1,
}


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model to time."""

    name: str
    native_size_px: int
    build: Callable[[torch.device], Any]
    """Returns the pipeline, float32. Random weights are created on the given device: at full size
    this takes minutes on a CPU and seconds on a GPU. Tensors of noise schedulers are on the CPU, as
    in a pipeline that was loaded."""
    steps: int
    """Denoising steps per image, as in the published figures of others."""
    row_tflop: float
    """10^12 floating-point operations of the denoiser for one row at `native_size_px`."""
    launch_s: float
    """Seconds of a step that is too small to use a whole data-center GPU."""


def sd15_unet() -> UNet2DConditionModel:
    """860 million parameters. Only the width of the text embeddings differs from diffusers'
    defaults."""
    return UNet2DConditionModel(sample_size=64, cross_attention_dim=768)


def sdxl_unet() -> UNet2DConditionModel:
    """2.6 billion parameters, most of them in the transformer blocks of the lowest level."""
    return UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )


def kl_vae(scaling_factor: float) -> AutoencoderKL:
    """The VAE of both models: one latent pixel stands for 8 x 8 pixels of the image."""
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        scaling_factor=scaling_factor,
    )


def clip_l() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408,
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        projection_dim=768,
        hidden_act="quick_gelu",
        **_TOKENS,
    )


def clip_big_g() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408,
        hidden_size=1280,
        intermediate_size=5120,
        num_hidden_layers=32,
        num_attention_heads=20,
        projection_dim=1280,
        hidden_act="gelu",
        **_TOKENS,
    )


_TOKENS: dict[str, Any] = {
    "max_position_embeddings": 77,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}


def sd15(device: torch.device) -> StableDiffusionPipeline:
    with device:
        modules: dict[str, Any] = {
            "vae": kl_vae(0.18215).eval(),
            "text_encoder": CLIPTextModel(clip_l()).eval(),
            "unet": _tamed(sd15_unet()),
        }
    return StableDiffusionPipeline(
        **modules,
        tokenizer=_tokenizer(),
        scheduler=PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=False, **_NOISE),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl(device: torch.device) -> StableDiffusionXLPipeline:
    with device:
        modules: dict[str, Any] = {
            "vae": kl_vae(0.13025).eval(),
            "text_encoder": CLIPTextModel(clip_l()).eval(),
            "text_encoder_2": CLIPTextModelWithProjection(clip_big_g()).eval(),
            "unet": _tamed(sdxl_unet()),
        }
    return StableDiffusionXLPipeline(
        **modules,
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=EulerDiscreteScheduler(timestep_spacing="leading", **_NOISE),
        add_watermarker=False,
    )


def tiny_sd15(device: torch.device) -> StableDiffusionPipeline:
    return tiny.build_tiny_pipeline().to(device)


def tiny_sdxl(device: torch.device) -> StableDiffusionXLPipeline:
    return tiny.build_tiny_xl_pipeline().to(device)


FULL_SIZE = {
    "sd15": Architecture("sd15", 512, sd15, steps=50, row_tflop=0.8, launch_s=0.025),
    "sdxl": Architecture("sdxl", 1024, sdxl, steps=20, row_tflop=6.0, launch_s=0.05),
}
TINY = {
    "sd15": Architecture("tiny sd15", 64, tiny_sd15, steps=3, row_tflop=0.0, launch_s=0.01),
    "sdxl": Architecture("tiny sdxl", 64, tiny_sdxl, steps=3, row_tflop=0.0, launch_s=0.01),
}
"""Tiny models, to run the same code on a CPU in seconds. Their figures mean nothing."""


def _tokenizer() -> CLIPTokenizer:
    """The tokenizer of the tiny models, but with the real context length of 77 tokens, so that the
    denoiser gets text of the real length."""
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.model_max_length = 77
    return tokenizer


def random_pipeline(architecture: Architecture, device: torch.device, dtype: torch.dtype) -> Any:
    """The pipeline with random weights, on the device and in the dtype, without progress bars."""
    pipe = architecture.build(device).to(dtype)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _tamed(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    torch.nn.init.zeros_(unet.conv_out.weight)
    torch.nn.init.zeros_(unet.conv_out.bias)
    return unet.eval()
