"""Trains the weights that tell how much a word resembles a given name or a surname."""
