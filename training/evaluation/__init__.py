"""Evaluation of the model: prompts, measures, and sheets of pictures."""
