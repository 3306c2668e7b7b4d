"""What describes an export: the dataset card and Croissant."""
