"""Compares the batch job with the engine alone and with a loop of HTTP requests."""
