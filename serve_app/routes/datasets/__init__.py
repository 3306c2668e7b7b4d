"""Routes of datasets: create, list, review, report, export."""
