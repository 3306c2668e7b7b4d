"""Good pictures of many kinds, and what spoils them."""
