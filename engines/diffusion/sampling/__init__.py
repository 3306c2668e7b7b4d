"""From prompts to latents: text encoding, noise schedules, and batched forward passes."""
