"""The web studio: a page, its style and its script; no build step, nothing from elsewhere."""
