"""API models of datasets: declarations, lists of images, exports."""
