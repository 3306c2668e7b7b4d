"""Limits per key: requests per time, things held open at once, stored bytes."""
