"""Checks that this checkout is not slower than another. Both are measured alternately."""
