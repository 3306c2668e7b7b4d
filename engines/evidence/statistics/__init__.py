"""Figures over feature vectors: plain numpy, no model, no image."""
