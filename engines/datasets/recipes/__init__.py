"""How an image came to be, and where that is written in the image."""
