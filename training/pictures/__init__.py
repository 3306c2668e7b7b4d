"""Training pictures: places, which are drawn by code, layouts, and the composer."""
