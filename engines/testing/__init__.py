"""Stand-ins for models, as part of the product: with them the real service runs without torch."""
