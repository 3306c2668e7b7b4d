"""Statistics of feature vectors and hashes. They use numpy only, and need no model and no image."""
