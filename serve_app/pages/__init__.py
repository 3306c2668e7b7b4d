"""The pages for a browser: start page, studio, API documentation. None loads from other hosts."""
