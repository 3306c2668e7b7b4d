"""Trains the small network that tells lines of letters from fences, windows and the like."""
