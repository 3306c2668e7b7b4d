"""Sentences: what the model can be asked for, and how people say it."""
