"""Words of many languages that say what a number or name next to them is, and patterns of them."""
