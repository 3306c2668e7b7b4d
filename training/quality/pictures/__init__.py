"""Good pictures of many kinds, and functions that add defects to them."""
