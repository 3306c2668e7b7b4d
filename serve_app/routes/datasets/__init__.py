"""Routes of datasets: made, looked through, reported on, exported."""
