"""From prompts to latents: text encoding, noise schedules, and one forward for all rows."""
