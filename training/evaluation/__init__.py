"""What the model is judged on, and by whom."""
