"""Encoders: they compute the feature vectors of images."""
