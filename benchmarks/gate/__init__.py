"""A gate against slowdown: this checkout and another, in turns."""
