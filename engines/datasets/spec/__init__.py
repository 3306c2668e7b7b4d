"""Declared datasets: the declaration, the requirements on images, the plan, and the run."""
