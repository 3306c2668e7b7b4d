"""Types of datasets: labels, image lists, reviews, exports and reports."""
