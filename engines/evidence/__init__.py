"""Evidence about a dataset: features of its images, what follows from them, and the report."""
