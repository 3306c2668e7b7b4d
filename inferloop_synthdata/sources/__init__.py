"""Where images for a new profile come from."""
