"""Admits requests, and chooses those that take the next step together. Does not import torch."""
