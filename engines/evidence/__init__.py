"""Reports on datasets: feature vectors of the images, statistics of these, and the report page."""
