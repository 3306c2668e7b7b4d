"""From a prompt to latents to a picture: everything with tensors."""
