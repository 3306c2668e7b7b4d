"""Which requests take the next denoising step together, and who is in the engine. No torch here."""
