"""Request models with the limits of the config, and the messages about invalid values."""
