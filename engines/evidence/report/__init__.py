"""The report on a dataset as a page that stands alone."""
