"""What is particular to one family of models. What they share is in `sampling/runner.py`."""
