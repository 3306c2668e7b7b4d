"""The core: diffusion, quality, privacy, profiles, export, storage. Knows neither Ray nor HTTP."""
