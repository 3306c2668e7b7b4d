"""Sheets of samples during the training of the denoiser, to see more than the loss."""

from collections.abc import Sequence

import numpy as np
import torch

from training.evaluation.prompts import EVERYDAY, MUST_PASS, PLAIN
from training.evaluation.sheet import Sheet, labelled
from training.first.latents import Basis
from training.first.networks import Denoiser, build_pipeline, build_vae

PROMPTS = (*MUST_PASS, *PLAIN[5:41:5], *EVERYDAY[::3])
STEPS, GUIDANCE = 12, 2.5
COLUMNS = 9


@torch.no_grad()
def sample_sheet(
    denoiser: Denoiser, basis: Basis, prompts: Sequence[str] = PROMPTS, steps: int = STEPS
) -> Sheet:
    """Draw each prompt with seed 0. The latents are decoded linearly, so no trained decoder is
    needed. A sheet takes about ten seconds on one core."""
    pipe = build_pipeline(denoiser, build_vae()).to(next(denoiser.parameters()).device)
    latents = pipe(
        list(prompts),
        width=512,
        height=512,
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        generator=[torch.Generator().manual_seed(0) for _ in prompts],
        output_type="latent",
    ).images
    kept = latents.float().cpu().numpy()
    pictures = [basis.decode(latent).round().clip(0, 255) for latent in kept]
    return labelled(np.stack(pictures).astype(np.uint8), prompts, min(COLUMNS, len(prompts)), 128)
