"""From latents to pictures: the decoder, and the small previews that need none."""
