"""Stable Diffusion 1.5 and XL at full size on one GPU, against plain diffusers in the same run."""
