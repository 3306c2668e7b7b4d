"""The diffusion engine: denoising steps of many requests, batched into one forward."""
