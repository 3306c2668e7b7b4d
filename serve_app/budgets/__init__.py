"""How much a key may ask for, hold open and store."""
