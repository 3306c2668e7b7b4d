"""Words of many languages that say what stands beside them, and patterns of them."""
