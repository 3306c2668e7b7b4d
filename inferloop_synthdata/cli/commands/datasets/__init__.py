"""Commands for datasets: declared, filled, looked through, reported on, exported."""
