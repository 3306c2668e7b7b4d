"""The parts of an image's time, for one image alone and under full load."""
