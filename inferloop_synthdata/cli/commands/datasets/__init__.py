"""Commands for datasets: declare, upload, list, review, report, export."""
