"""Datasets: images with their recipes and verdicts in storage, and their exports."""
