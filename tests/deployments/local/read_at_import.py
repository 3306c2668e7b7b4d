"""Reads an environment variable when it is imported, as PyTorch's thread library does."""

import os

WISH = os.environ.get("WISH")
