"""Where the time of an image goes, alone and at saturation."""
