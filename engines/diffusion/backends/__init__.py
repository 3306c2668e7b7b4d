"""Model families: the code that differs between them. What they share is `sampling/runner.py`."""
