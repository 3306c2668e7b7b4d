"""The diffusion engine: batches the denoising steps of many requests into one forward pass."""
