"""Training of the learned head of the quality score (README.md)."""
