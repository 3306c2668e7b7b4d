"""The parts of the pipeline, small enough for 50 steps in two seconds on a CPU."""

from dataclasses import dataclass
from pathlib import Path

from diffusers import (
    AutoencoderTiny,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from torch import Tensor, nn

from training.language.words import build_text_encoder, build_tokenizer
from training.networks.latent_code import CHANNELS


@dataclass(frozen=True)
class Widths:
    """Widths of the networks. Tests use small ones."""

    unet: tuple[int, int, int] = (64, 160, 224)
    text: int = 256
    decoder: int = 48


FULL = Widths()
SCALE = 3.0
"""The scaling factor: latents of the autoencoder times this have an sd of about 1."""


def build_unet(widths: Widths = FULL) -> UNet2DConditionModel:
    """Return the denoiser: 16 M parameters at full width, attention on the two coarse levels."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=widths.unet,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=widths.text,
        attention_head_dim=4,
        norm_num_groups=16,
        time_embedding_dim=256,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


class Denoiser(nn.Module):
    """Text encoder and UNet together, called as in diffusers' pipeline."""

    def __init__(self, tokenizer_folder: Path, widths: Widths = FULL) -> None:
        super().__init__()
        self.tokenizer = build_tokenizer(tokenizer_folder)
        self.text_encoder = build_text_encoder(len(self.tokenizer), widths.text)
        self.unet = build_unet(widths)

    def forward(self, noisy: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """Predict v, (n, 24, h, w), for latents of the same shape and (n, 32) token ids."""
        words = self.text_encoder(tokens)[0]
        out: Tensor = self.unet(noisy, t, words, return_dict=False)[0]
        return out


def build_vae(widths: Widths = FULL) -> AutoencoderTiny:
    """Return the autoencoder. A latent cell is 32 pixels."""
    width = (widths.decoder,) * 6
    return AutoencoderTiny(
        latent_channels=CHANNELS,
        encoder_block_out_channels=width,
        decoder_block_out_channels=width,
        num_encoder_blocks=(0, 0, 0, 0, 1, 1),
        num_decoder_blocks=(5, 5, 4, 2, 0, 0),
        scaling_factor=SCALE,
        latent_magnitude=3,
    )


def build_scheduler() -> DDIMScheduler:
    """Return DDIM on SD's betas rescaled to zero terminal SNR (arXiv:2305.08891), v-prediction."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        steps_offset=1,
        set_alpha_to_one=True,
    )


def build_pipeline(denoiser: Denoiser, vae: AutoencoderTiny) -> StableDiffusionPipeline:
    """Return diffusers' standard pipeline with the parts. It shares their weights."""
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
