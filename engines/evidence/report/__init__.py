"""The report on a dataset as one self-contained HTML page."""
