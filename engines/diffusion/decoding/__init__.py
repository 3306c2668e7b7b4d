"""Convert latents to pictures: with the VAE decoder, or approximately for previews."""
