"""Runs the service on one machine: launcher, private Ray, first API key, demo."""
