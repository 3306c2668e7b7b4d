"""The web studio: one page, no build step, no foreign asset."""
