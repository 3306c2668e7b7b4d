"""Datasets: how images lie in storage with recipe and verdicts, and how they leave it as files."""
