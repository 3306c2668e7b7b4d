"""Pictures drawn by formula: places, layouts, and their composer."""
