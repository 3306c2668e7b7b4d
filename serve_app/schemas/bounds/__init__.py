"""Request models within the bounds of the config, and the words for what breaks them."""
