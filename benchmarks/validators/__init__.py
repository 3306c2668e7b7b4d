"""What the quality and privacy checks find, what they mistake, what they cost."""
