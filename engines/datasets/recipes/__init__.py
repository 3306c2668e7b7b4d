"""Recipes: how an image was made, and how this is written into its file."""
